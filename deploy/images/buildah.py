"""buildah as it works in a container or a small machine, its storage in a folder of ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from deploy.images import machine
from deploy.images.names import FOLDER, ImageError

TAIL = 40


@lru_cache
def driver() -> str:
    """overlay where the kernel lets us, else vfs, which copies every layer whole."""
    for name in ("overlay", "vfs"):
        if _run(name, ["info"]).returncode == 0:
            return name
    raise ImageError("buildah does not work here: neither with overlay nor with vfs.")


def run(*arguments: str) -> str:
    """Standard output. Raises `ImageError` with the last words of a failure."""
    done = _run(driver(), arguments)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-TAIL:])
        raise ImageError(f"buildah {arguments[0]} failed:\n{last}")
    return done.stdout


def exists(image: str) -> bool:
    return _run(driver(), ["inspect", "--type", "image", image]).returncode == 0


def configuration(image: str) -> dict[str, Any]:
    """`Env`, `Entrypoint`, `User`, `Healthcheck`, `Labels`, … as a runtime reads them."""
    found = json.loads(run("inspect", "--type", "image", image))
    settings: dict[str, Any] = json.loads(found["Config"])["config"]
    return settings


def layers(image: str) -> list[tuple[str, int]]:
    """Digest and bytes of each layer, uncompressed, from the base up."""
    manifest = json.loads(json.loads(run("inspect", "--type", "image", image))["Manifest"])
    return [(each["digest"], each["size"]) for each in manifest["layers"]]


@contextmanager
def mounted(image: str) -> Iterator[Path]:
    """The root of a container of `image`, as a folder."""
    container = run("from", "--pull-never", image).strip()
    try:
        yield Path(run("mount", container).strip())
    finally:
        run("umount", container)
        run("rm", container)


def _run(storage: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    folders = {"root": FOLDER / storage, "runroot": FOLDER / "run", "tmp": FOLDER / "tmp"}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    options = [
        "--storage-driver",
        storage,
        "--root",
        str(folders["root"]),
        "--runroot",
        str(folders["runroot"]),
    ]
    env = {**machine.environment(), "TMPDIR": str(folders["tmp"])}
    return subprocess.run(
        ["buildah", *options, *arguments], env=env, capture_output=True, text=True, check=False
    )
