"""How large images are, and the part of docs/operations/images.md that says so."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.images import buildah
from deploy.images.names import FOLDER, PAGE, tag

BEGIN, END = "<!-- figures: make images -->", "<!-- end of figures -->"
LARGEST = 4
LAYOUT = FOLDER / "oci"
REFERENCE = "org.opencontainers.image.ref.name"


@dataclass(frozen=True)
class Size:
    """Bytes of an image and of a download of it (gzip as registries have it); MB of its largest `parts`."""

    name: str
    size: int
    compressed: int
    own: int
    """Bytes of its own layers: packages and code."""
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Figures:
    """`took` are seconds of builds, `trial` those of the trial."""

    sizes: Sequence[Size]
    took: Mapping[str, float]
    trial: float | None


def measure(names: Sequence[str]) -> list[Size]:
    shutil.rmtree(LAYOUT, ignore_errors=True)
    try:
        return [_size(name) for name in names]
    finally:
        shutil.rmtree(LAYOUT, ignore_errors=True)


def _size(name: str) -> Size:
    layers = buildah.layers(tag(name))
    with buildah.mounted(tag(name)) as root:
        parts = _parts(root)
    return Size(
        name,
        size=sum(size for _, size in layers),
        compressed=_compressed(name),
        own=sum(size for _, size in layers[-2:]),
        parts=parts,
    )


def _compressed(name: str) -> int:
    """Bytes of the layers as they are pushed to a registry; layers that images share are compressed once."""
    buildah.run("push", "--quiet", tag(name), f"oci:{LAYOUT}:{name}")
    index = json.loads((LAYOUT / "index.json").read_text())
    digests = {each["annotations"][REFERENCE]: each["digest"] for each in index["manifests"]}
    blob = LAYOUT / "blobs" / digests[name].replace(":", "/")
    return sum(each["size"] for each in json.loads(blob.read_text())["layers"])


def _parts(root: Path) -> tuple[tuple[str, int], ...]:
    """The largest packages: Debian's by what dpkg says, Python's and the model by their files."""
    found = dict(_debian(root))
    (site,) = (root / "opt/venv/lib").glob("python3*/site-packages")
    for folder in site.iterdir():
        if folder.is_dir() and not folder.name.endswith(".dist-info"):
            name = folder.name.removesuffix(".libs")
            found[name] = found.get(name, 0) + _bytes(folder)
    if (root / "models").is_dir():
        found["the model"] = _bytes(root / "models")
    large = sorted(found.items(), key=lambda each: -each[1])
    return tuple((name, size) for name, size in large[:LARGEST])


def _debian(root: Path) -> Iterator[tuple[str, int]]:
    """Packages and the bytes of their files that are there: what dpkg says counts what was left out."""
    for listed in (root / "var/lib/dpkg/info").glob("*.list"):
        paths = [root / line.lstrip("/") for line in listed.read_text().splitlines()]
        files = [path for path in paths if path.is_file() and not path.is_symlink()]
        yield listed.stem.partition(":")[0], sum(path.stat().st_size for path in files)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def write(figures: Figures) -> None:
    """Replace what is between the marks of the page."""
    text = PAGE.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    PAGE.write_text(f"{text[:start]}\n\n{_page(figures)}\n\n{text[end:]}")


def _page(figures: Figures) -> str:
    head = [
        "| image | MB | compressed | own layers | the largest parts (MB) |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    rows = [
        f"| {each.name} | {_mb(each.size)} | {_mb(each.compressed)} | {_mb(each.own)} |"
        f" {', '.join(f'{name} {_mb(size)}' for name, size in each.parts)} |"
        for each in figures.sizes
    ]
    return "\n".join([*head, *rows, "", _times(figures)])


def _times(figures: Figures) -> str:
    took = dict(figures.took)
    base = took.pop("base", 0.0)
    built = f"Debian's base took {base:.0f} s, the images {sum(took.values()):.0f} s"
    tried = f"the trial {figures.trial:.0f} s" if figures.trial else ""
    said = ", ".join(part for part in (built if took else "", tried) if part)
    return f"On {os.cpu_count()} cores: {said or 'nothing was built or tried'}."


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f}"
