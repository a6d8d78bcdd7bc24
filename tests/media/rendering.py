"""Render graphs really, without loss, and look at every frame and sample of what comes out."""

from __future__ import annotations

import subprocess
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.contracts.graph import AudioEncoding, Node, Output, Source, VideoEncoding
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.command import compile as compile_graph
from libs.media.passes.resolve import resolve
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools
from tests.media.looking import probed, run

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
    info: MediaInfo

    @cached_property
    def origin(self) -> Fraction:
        """Of the first picture, by the clock of the container."""
        return self._decoded[0] + Fraction(round((self.info.start or 0) * 10**6), 10**6)

    @property
    def shown(self) -> list[tuple[Fraction, str]]:
        """(seconds, MD5) of every frame."""
        return self._decoded[1]

    @cached_property
    def _decoded(self) -> tuple[Fraction, list[tuple[Fraction, str]]]:
        shown = ["-map", "0:V:0", "-fps_mode", "passthrough", "-enc_time_base", "-1"]
        shown += ["-pix_fmt", "yuv420p", "-f", "framemd5", "-"]
        lines = run("ffmpeg", "-nostdin", "-v", "error", "-i", str(self.path), *shown).decode().splitlines()
        [base] = [Fraction(line.split()[-1]) for line in lines if line.startswith("#tb")]
        fields = [line.split(",") for line in lines if not line.startswith("#")]
        first = int(fields[0][2])
        return first * base, [((int(f[2]) - first) * base, f[5].strip()) for f in fields]

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
        decoded = [
            "-map",
            "0:a:0",
            "-af",
            "aresample=48000:async=1:first_pts=0:min_hard_comp=0.005",
            "-ac",
            "1",
            "-f",
            "f32le",
            "-",
        ]
        samples = np.frombuffer(
            run("ffmpeg", "-nostdin", "-v", "error", "-i", str(self.path), *decoded), np.float32
        )
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
        return await film(destination, self.tools)


def lag(heard: Samples, wanted: Samples, reach: int = 4800) -> float:
    """By how many seconds `heard` is later than `wanted`, looked for up to `reach` samples around."""
    size = min(len(heard), len(wanted))
    a, b = heard[:size].astype(np.float64), wanted[:size].astype(np.float64)
    width = 1 << (2 * size - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(a, width) * np.conj(np.fft.rfft(b, width)), width)
    near = np.concatenate([product[-reach:], product[: reach + 1]])
    return (int(np.argmax(near)) - reach) / HERTZ
