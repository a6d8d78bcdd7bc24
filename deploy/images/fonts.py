"""Fonts of the images that measure and draw text: the same, for every writing, known without a search."""

from __future__ import annotations

from deploy.images.container import Container
from deploy.images.names import ImageError
from reelbus.fonts import lacking

_WRITTEN = "import pathlib; print(*pathlib.Path('/tmp/.cache/fontconfig').glob('*'))"


def fonts_are_ready(drawing: Container, measuring: Container) -> None:
    """Raises `ImageError`."""
    if drawing.output("fc-list") != measuring.output("fc-list"):
        raise ImageError(f"{drawing.name} and {measuring.name} have other fonts.")
    for container in (drawing, measuring):
        if missing := lacking(container.output):
            raise ImageError(f"{container.name} has no font for {', '.join(missing)}.")
        if written := container.output("python", "-c", _WRITTEN).strip():
            raise ImageError(f"fontconfig does not believe the cache of {container.name}: it made {written}")
