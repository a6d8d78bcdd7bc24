"""The sound of a medium as numbers: the confined ffmpeg decodes it into a file, which is read in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from libs.contracts.errors import MediaError
from libs.contracts.media import MediaInfo
from libs.media.inputs import input_args
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools

RATE = 16_000
"""Hz; one channel. What models of speech hear."""
BYTES = 2
NO_SOUND = "There is no sound in this file."
Samples = NDArray[np.float32]
"""One channel of -1…1 at `RATE`."""


@dataclass(frozen=True)
class Sound:
    """A file of 16-bit samples at `RATE`."""

    path: Path
    samples: int

    @property
    def duration(self) -> float:
        return self.samples / RATE

    def piece(self, start: float, seconds: float) -> Samples:
        """At most `seconds` from `start` on."""
        offset = round(start * RATE)
        count = max(min(round(seconds * RATE), self.samples - offset), 0)
        raw = np.fromfile(self.path, "<i2", count, offset=offset * BYTES)
        return raw.astype(np.float32) / np.float32(32768)


async def decode(
    tools: Tools, source: Path, info: MediaInfo, destination: Path, *, longest: float, time_limit: float
) -> Sound:
    """The first audio stream of `source`, whose times count from the start of the file: silence stands for
    what comes before it and for gaps in it.

    Raises `MediaError` when there is none, nothing of it decodes, or it is longer than `longest` seconds.
    """
    if not info.audio:
        raise MediaError(NO_SOUND)
    await run_ffmpeg(tools, decoding(source, info.audio[0].index, destination, longest + 1),
                     cwd=destination.parent, time_limit=time_limit)  # fmt: skip
    samples = destination.stat().st_size // BYTES if destination.exists() else 0
    if not samples:
        raise MediaError("Nothing of the sound in this file could be decoded.")
    if samples > longest * RATE:
        raise MediaError(f"The sound is longer than {_span(longest)}, the most that is recognised.")
    return Sound(destination, samples)


def decoding(source: Path, index: int, destination: Path, seconds: float) -> list[str]:
    """The argv that writes the first `seconds` of stream `index` as samples."""
    chain = f"aresample={RATE}:async=1:first_pts=0"
    taken = ["-map", f"0:{index}", "-t", f"{seconds:g}", "-af", chain, "-ac", "1", "-ar", str(RATE)]
    return [*input_args(source), *taken, "-c:a", "pcm_s16le", "-f", "s16le", "-y", f"file:{destination}"]


def _span(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:g} hours" if hours >= 1 else f"{seconds:g} seconds"
