"""Movies really made, as a worker makes them, and what is seen and heard in them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from functools import cached_property
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
from libs.media.tools import Tools
from tests.media.looking import describe, probed, timed_frames
from tests.media.viewing import heard

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

    @cached_property
    def _shown(self) -> tuple[list[float], Pixels]:
        video = self.stream("video")
        return timed_frames(self.path, video["width"], video["height"])

    def times(self) -> list[float]:
        """Seconds of every frame."""
        return self._shown[0]

    def frames(self) -> Pixels:
        return self._shown[1]

    def sound(self, hertz: int = HERTZ) -> Samples:
        """(samples, 2)."""
        return heard(self.path, hertz=hertz, layout="stereo")


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

    def several(self, wanted: dict[str, tuple[list[str], list[str]]]) -> list[Path]:
        """Those by their names that one ffmpeg makes, each of an input of its own and with its options."""
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
        for source, _ in wanted.values():
            command += source
        for number, (name, (_, options)) in enumerate(wanted.items()):
            command += ["-map", str(number), *options, str(self.folder / name)]
        subprocess.run(command, check=True, timeout=60)
        return [self.folder / name for name in wanted]

    async def medium(self, path: Path) -> StoredMedia:
        data = path.read_bytes()
        stored = ObjectRef(key=path.name, size=len(data), sha256=sha256(data).hexdigest())
        staged = self.folder / f"input-{stored.sha256[:16]}"  # as workers name them
        if not staged.exists():
            staged.write_bytes(data)
        self.files[stored.sha256] = staged
        return StoredMedia(object=stored, info=await probed(staged, self.tools))

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

    async def slides(self, *elements: Element, length: int, duration: float | None = None) -> Composed:
        """A movie with a scene of `length` frames for each element, over blue."""
        scenes = [Scene(elements=[each], duration=duration, background="#0000FF") for each in elements]
        movie = small(*scenes)
        made = await self.compose(movie)
        check_clean(made, movie)
        assert len(made.frames()) == length * len(elements)
        return made

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


def tone(
    hertz: int, seconds: float, *, volume: float = 1.0, rate: int = 48_000, layout: str = "mono"
) -> list[str]:
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    expression = "|".join([f"{0.25 * volume}*sin(2*PI*{hertz}*t)"] * channels)
    return ["-f", "lavfi", "-i", f"aevalsrc={expression}:s={rate}:d={seconds}:c={layout}"]


def share(sound: Samples, hertz: int, start: float, end: float) -> float:
    """Amplitude of a tone in a part of both channels together: mono is divided between them without loss."""
    part = sound[round(start * HERTZ) : round(end * HERTZ)].astype(np.float64)
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(part)) / HERTZ)
    return float(np.linalg.norm(2 * np.mean(part * turn[:, None], axis=0)))


def picture(graph: str, *then: str) -> list[str]:
    """ffmpeg's arguments for one frame of a graph."""
    return ["-f", "lavfi", "-i", graph, "-frames:v", "1", *then]


def near(pixel: Pixels, colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= tolerance)


def boxes(path: Path) -> list[str]:
    """The names of the outermost boxes of an MP4, in order."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        found.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return found


def check_clean(made: Composed, movie: Movie) -> None:
    """One H.264 and one AAC stream as every player likes them, and nothing else."""
    video, audio = made.stream("video"), made.stream("audio")
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == ("h264", "High", "yuv420p")
    assert (video["width"], video["height"], video.get("sample_aspect_ratio", "1:1")) == (
        movie.width, movie.height, "1:1",
    )  # fmt: skip
    tags = [video.get(name) for name in ("color_space", "color_transfer", "color_primaries", "color_range")]
    assert tags == ["bt709", "bt709", "bt709", "tv"]
    assert (audio["codec_name"], audio["sample_rate"], audio["channels"]) == ("aac", "48000", 2)
    assert len(made.raw["streams"]) == 2
    assert video["r_frame_rate"] == video["avg_frame_rate"] == f"{movie.rate}/1"
    times = made.times()
    assert np.allclose(times, np.arange(len(times)) / movie.rate, atol=1e-4)
    assert len(times) == int(video["nb_frames"])
    assert abs(float(audio["duration"]) - len(times) / movie.rate) < 0.03
    order = boxes(made.path)
    assert order.index("moov") < order.index("mdat")
