"""Fonts of the images that measure and draw text: the same, for every writing, known without a search."""

from __future__ import annotations

from deploy.images.container import Container
from deploy.images.names import ImageError

LETTERS = {
    "Latin": "41",
    "Arabic": "634",
    "Hebrew": "5d0",
    "Devanagari": "915",
    "Thai": "e01",
    "Chinese": "4e2d",
    "Japanese": "3042",
    "Korean": "ac00",
}
"""Of each writing a letter, as fontconfig takes it."""
_WRITTEN = "import pathlib; print(*pathlib.Path('/tmp/.cache/fontconfig').glob('*'))"


def fonts_are_ready(drawing: Container, measuring: Container) -> None:
    """Raises `ImageError`."""
    if drawing.output("fc-list") != measuring.output("fc-list"):
        raise ImageError(f"{drawing.name} and {measuring.name} have other fonts.")
    for container in (drawing, measuring):
        for writing, letter in LETTERS.items():
            if not container.output("fc-list", f":charset={letter}", "family").strip():
                raise ImageError(f"{container.name} has no font for {writing}.")
        if written := container.output("python", "-c", _WRITTEN).strip():
            raise ImageError(f"fontconfig does not believe the cache of {container.name}: it made {written}")
