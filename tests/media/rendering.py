"""Render graphs really, without loss, and look at every frame and sample of what comes out."""

from __future__ import annotations

import subprocess
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.contracts.graph import AudioEncoding, Node, Output, Source, VideoEncoding
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.command import compile as compile_graph
from libs.media.passes.resolve import resolve
from libs.media.probe import parse_probe
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools
from tests.media.looking import describe, probed
from tests.media.viewing import beginning, heard, looked_at

HERTZ = 48_000
LOSSLESS = VideoEncoding(
    encoder="libx264", pixel_format="yuv420p", options={"qp": 0, "preset": "ultrafast", "bf": 0}
)
EXACT = AudioEncoding(index=1, encoder="pcm_s16le")
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Film:
    """A file as a player shows it: time zero is its first picture."""

    path: Path
    probed: MediaInfo | None = None

    @cached_property
    def info(self) -> MediaInfo:
        return self.probed or parse_probe(describe(self.path), self.path.stat().st_size)

    @property
    def origin(self) -> Fraction:
        """Of the first picture, by the clock of the container."""
        return self._decoded[0] + beginning(self.path)

    @property
    def shown(self) -> list[tuple[Fraction, str]]:
        """(seconds, MD5) of every frame."""
        return self._decoded[1]

    @cached_property
    def _decoded(self) -> tuple[Fraction, list[tuple[Fraction, str]]]:
        seen = [
            (time, md5(shown.tobytes()).hexdigest()) for time, shown in looked_at(self.path, self._pixels)
        ]
        first = seen[0][0]
        return first, [(time - first, digest) for time, digest in seen]

    @property
    def _pixels(self) -> str:
        """The format in which frames are compared; odd sizes have no whole chroma."""
        video = self.info.video
        assert video is not None
        odd = video.width % 2 or video.height % 2
        return "yuv444p" if odd else "yuv420p10le" if video.bit_depth == 10 else "yuv420p"

    @property
    def times(self) -> list[Fraction]:
        return [time for time, _ in self.shown]

    @property
    def pictures(self) -> list[str]:
        return [picture for _, picture in self.shown]

    @property
    def end(self) -> Fraction:
        """Of the last frame, taken to be as long as a usual one."""
        assert self.info.video is not None
        return self.times[-1] + 1 / Fraction(self.info.video.nominal_rate)

    def at_or_after(self, time: Fraction) -> Fraction:
        index = bisect_left(self.times, time - Fraction(1, 1000))
        return self.times[index] if index < len(self.times) else self.end

    @cached_property
    def sound(self) -> Samples:
        """The first track as mono at 48 kHz, from the first picture on."""
        in_place = ("aresample", "48000:async=1:first_pts=0:min_hard_comp=0.005")
        samples = heard(self.path, hertz=HERTZ, steps=(in_place,)).ravel()
        return samples[round(self._decoded[0] * HERTZ) :]

    def source(self, **changes: Any) -> Source:
        stored = ObjectRef(key=self.path.name, size=self.info.size, sha256=f"{hash(self.path) % 2**64:064x}")
        return Source(**({"object": stored, "info": self.info} | changes))


async def film(path: Path, tools: Tools) -> Film:
    return Film(path, await probed(path, tools))


@dataclass
class Studio:
    """Films by name, and a folder for results."""

    tools: Tools
    folder: Path
    films: dict[str, Film]

    async def made(self, name: str, *args: str) -> Film:
        """A film that ffmpeg makes with `args`; `name` ends in its extension."""
        if name not in self.films:
            path = self.folder / name
            subprocess.run(
                ["ffmpeg", "-nostdin", "-v", "error", "-y", *args, str(path)], check=True, timeout=60
            )
            self.films[name] = await film(path, self.tools)
        return self.films[name]

    def output(self, node: Node, **changes: Any) -> Output:
        fields: dict[str, Any] = {
            "input": node, "container": "mov", "extension": "mov", "content_type": "video/quicktime",
            "video": LOSSLESS, "audio": [EXACT],
        }  # fmt: skip
        return Output(**(fields | changes))

    def resolved(self, output: Output) -> Output:
        by_key = {film.path.name: film for film in self.films.values()}
        return resolve(output, lambda source: by_key[source.object.key])

    async def rendered(self, node: Node, *, damaged: bool = False, **changes: Any) -> Film:
        """The result of a graph, resolved and encoded without loss. `damaged`: ffmpeg may complain."""
        output = self.resolved(self.output(node, **changes))
        inputs = {film.path.name: film.path for film in self.films.values()}
        destination = self.folder / f"result.{output.extension}"
        argv = compile_graph(output, inputs, destination)
        finished = await run_ffmpeg(self.tools, argv, cwd=self.folder, time_limit=60)
        assert damaged or not finished.damaged, finished.stderr
        return Film(destination)


def lag(heard: Samples, wanted: Samples, reach: int = 4800) -> float:
    """By how many seconds `heard` is later than `wanted`, looked for up to `reach` samples around."""
    size = min(len(heard), len(wanted))
    a, b = heard[:size].astype(np.float64), wanted[:size].astype(np.float64)
    width = 1 << (2 * size - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, width) * np.conj(np.fft.rfft(b, width)), width)
    near = np.concatenate([product[-reach:], product[: reach + 1]])
    return (int(np.argmax(near)) - reach) / HERTZ
