"""Movies really made, as a worker makes them, and what is seen and heard in them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.contracts.media import ObjectRef, StoredMedia
from libs.contracts.movie import Element, Movie, Scene
from libs.media.compose.cast import roles
from libs.media.compose.graph import movie_graph
from libs.media.execute import render
from libs.media.probe import probe
from libs.media.tools import Tools
from tests.media.looking import describe, frames, run

HERTZ = 48_000
Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Composed:
    path: Path
    raw: dict[str, Any]

    @property
    def duration(self) -> float:
        return float(self.raw["format"]["duration"])

    def stream(self, kind: str) -> dict[str, Any]:
        [stream] = [each for each in self.raw["streams"] if each["codec_type"] == kind]
        return dict(stream)

    def frames(self) -> Pixels:
        video = self.stream("video")
        return frames(self.path, video["width"], video["height"])

    def sound(self) -> Samples:
        """(samples, 2) at 48 kHz."""
        decoded = ["-map", "0:a:0", "-ar", str(HERTZ), "-ac", "2", "-f", "f32le", "-"]
        raw = run("ffmpeg", "-nostdin", "-v", "error", "-i", str(self.path), *decoded)
        return np.frombuffer(raw, np.float32).reshape(-1, 2)


@dataclass
class Set:
    """Where movies are made of files in `folder`; `lengths` are what was listened to."""

    tools: Tools
    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    count: int = 0

    def file(self, name: str, *args: str) -> Path:
        """A file that ffmpeg makes with `args`."""
        path = self.folder / name
        if not path.exists():
            command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *args, str(path)]
            subprocess.run(command, check=True, timeout=60)
        return path

    async def medium(self, path: Path) -> StoredMedia:
        data = path.read_bytes()
        stored = ObjectRef(key=path.name, size=len(data), sha256=sha256(data).hexdigest())
        self.files[stored.sha256] = path
        return StoredMedia(object=stored, info=(await probe(path, self.tools, size=len(data))).info)

    async def element(self, kind: str, path: Path, **changes: Any) -> Element:
        return Element(kind=kind, path=path.name, source=await self.medium(path), **changes)

    async def compose(
        self, movie: Movie, captions: Path | None = None, lengths: dict[int, float] | None = None
    ) -> Composed:
        media = {role.number: role.element.source for role in roles(movie) if role.element.source}
        heard = (
            lengths
            if lengths is not None
            else {
                number: medium.info.duration or 0.0 for number, medium in media.items() if medium.info.audio
            }
        )
        text = None if captions is None else (await self._text(captions))
        graph = movie_graph(movie, media, heard, text)
        self.count += 1
        destination = self.folder / f"movie-{self.count}.mp4"
        await render(self.tools, graph, self, destination, time_limit=100, on_progress=lambda _: None)
        return Composed(destination, describe(destination))

    async def _text(self, path: Path) -> ObjectRef:
        data = path.read_bytes()
        self.files[sha256(data).hexdigest()] = path
        return ObjectRef(key=path.name, size=len(data), sha256=sha256(data).hexdigest())

    async def url(self, source: ObjectRef) -> str:
        return str(self.files[source.sha256])

    async def stage(self, source: ObjectRef) -> Path:
        return self.files[source.sha256]


def small(*scenes: Scene, **changes: Any) -> Movie:
    given: dict[str, Any] = {"width": 320, "height": 180, "rate": 25, "quality": "high", **changes}
    return Movie(scenes=list(scenes), **given)
