"""Previews, clips and stills of sessions, really made, and what is in them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from libs.contracts.graph import Output
from libs.contracts.media import MediaInfo
from libs.media.command import compile as compile_graph
from libs.media.graph import validate
from libs.media.motion import clip_graph, preview_graph
from libs.media.runner import run_ffmpeg
from libs.media.still import take_still
from libs.media.tools import Tools
from tests.media.looking import Pixels, describe, probed, reference
from tests.media.numbered import BITS, CELL
from tests.media.viewing import heard

HERTZ = 48_000


@dataclass(frozen=True)
class Made:
    """A source and what was made of it."""

    source: MediaInfo
    path: Path

    @cached_property
    def raw(self) -> dict[str, Any]:
        """What ffprobe says of it."""
        return describe(self.path)

    @property
    def video(self) -> dict[str, Any]:
        [stream] = [each for each in self.raw["streams"] if each["codec_type"] == "video"]
        return dict(stream)

    @property
    def size(self) -> tuple[int, int]:
        return self.video["width"], self.video["height"]


@dataclass(frozen=True)
class Lab:
    """Makes things into `folder`."""

    tools: Tools
    folder: Path
    _count: Iterator[int] = field(default_factory=count)
    _previews: dict[Path, Made] = field(default_factory=dict)

    async def info(self, path: Path) -> MediaInfo:
        return await probed(path, self.tools)

    async def preview(self, path: Path) -> Made:
        """Made once of each file."""
        if path not in self._previews:
            info = await self.info(path)
            self._previews[path] = await self._rendered(path, info, preview_graph(reference(path), info))
        return self._previews[path]

    async def clip(self, path: Path, start: float, end: float, speed: float = 1.0) -> Made:
        info = await self.info(path)
        return await self._rendered(path, info, clip_graph(reference(path), info, start, end, speed))

    async def still(self, path: Path, at: float, *, target: str | None = None, **options: Any) -> Path:
        """A JPEG of the file at `path`, which is read at `target`."""
        destination = self.folder / f"{path.stem}-{at:.4f}.jpg"
        info, options = await self.info(path), {"cwd": self.folder, "time_limit": 60, **options}
        await take_still(self.tools, target or path, info, at, destination, **options)
        return destination

    async def _rendered(self, path: Path, info: MediaInfo, graph: Output) -> Made:
        validate(graph)
        destination = self.folder / f"made-{next(self._count)}-of-{path.stem}.mp4"
        argv = compile_graph(graph, {path.name: path}, destination)
        await run_ffmpeg(self.tools, argv, cwd=self.folder, time_limit=60)
        return Made(info, destination)


def picture(path: Path) -> Pixels:
    """(height, width, 3) RGB, read by Pillow and not by ffmpeg."""
    with Image.open(path) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB"))


def number(path: Path) -> int:
    """Of the frame of a `numbered` clip that a JPEG shows."""
    grey = picture(path).mean(axis=2)[CELL // 4 : CELL * 3 // 4].reshape(CELL // 2, BITS, CELL)
    bits = grey[..., CELL // 4 : CELL * 3 // 4].mean(axis=(0, 2)) > 128
    return int(sum(1 << place for place in range(BITS) if bits[place]))


def sound(path: Path) -> NDArray[np.float32]:
    """The first track as mono at 48 kHz, from its first sample on."""
    return heard(path, hertz=HERTZ).ravel()


def pitch(samples: NDArray[np.float32]) -> float:
    """The loudest frequency (Hz)."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * HERTZ / len(samples))


def made(path: Path, *args: str) -> Path:
    """A file that ffmpeg makes."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *args, str(path)], check=True, timeout=60)
    return path


def boxes(path: Path) -> list[str]:
    """The types of the outermost boxes of an MP4, in order."""
    data, found, place = path.read_bytes(), list[str](), 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        found.append(data[place + 4 : place + 8].decode("latin-1"))
        place += size if size >= 8 else len(data)
    return found
