"""Colour over a whole video: histograms and the average, from frames spread over its time.

Frames are decoded by the confined ffmpeg, never by OpenCV, which here only counts.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from libs.contracts.errors import MediaError
from libs.contracts.media import VideoStream
from libs.media.inputs import input_args
from libs.media.picture import is_rgb, matrix
from libs.media.runner import stream
from libs.media.tools import Tools
from services.analyze.hdr import to_standard
from services.analyze.packets import Scan

CHANNELS = ("b", "g", "r")
LONGEST_SIDE = 480
ENOUGH_KEYS, LONGEST_GAP = 5, 12.5
"""Key frames stand for a video when there are this many, never further apart than this (seconds). Encoders
put one at every cut and, by default, every 250 frames."""

SAMPLES = 120
"""Frames taken from a full decode."""


@dataclass(frozen=True)
class Colour:
    """`histograms` has 256 shares for each of `b`, `g`, `r`, that sum to 1; `average` is 0…255."""

    histograms: dict[str, list[float]]
    average: dict[str, int]
    frames: int


@dataclass(frozen=True)
class Plan:
    """Which frames are decoded: only key frames, or every `every`-th; and what the n-th counts."""

    keys_only: bool
    every: int
    weights: list[float]


class Tally:
    """Weighted sums over frames of 8-bit BGR."""

    def __init__(self) -> None:
        self._counts: NDArray[np.float64] = np.zeros((3, 256))
        self.frames = 0

    def add(self, bgr: NDArray[np.uint8], weight: float) -> None:
        for channel in range(3):
            counts = cv2.calcHist([bgr], [channel], None, [256], [0, 256]).ravel()
            self._counts[channel] += counts.astype(np.float64) * (weight / counts.sum())
        self.frames += 1

    def result(self) -> Colour:
        """`MediaError` when no frame was added."""
        if not self.frames:
            raise MediaError("Nothing in this video could be decoded.")
        shares = self._counts / self._counts.sum(axis=1, keepdims=True)
        means = shares @ np.arange(256)
        return Colour(
            histograms={name: shares[i].tolist() for i, name in enumerate(CHANNELS)},
            average={name: round(float(means[i])) for i, name in enumerate(CHANNELS)},
            frames=self.frames,
        )


def plan(found: Scan) -> Plan:
    """Choose frames by `found`, the packets of the video."""
    keys = found.keys
    gaps = [after - before for before, after in pairwise([*keys, found.end])]
    if len(keys) >= ENOUGH_KEYS and max(gaps) <= LONGEST_GAP:
        every = -(-len(keys) // (5 * SAMPLES))
        return Plan(True, every, _spans(keys[::every], found))
    every = max(-(-found.count // SAMPLES), 1)
    return Plan(False, every, _spans(found.times[::every], found))


def _spans(picked: array[float], found: Scan) -> list[float]:
    """Seconds from each picked frame to the next: encoders put key frames where a shot begins."""
    end = max(found.end, found.times[-1]) if found.times else 0.0
    return [after - before for before, after in pairwise([*picked, end])]


async def colour(
    target: str | Path,
    video: VideoStream,
    found: Scan,
    tools: Tools,
    *,
    time_limit: float,
    on_progress: Callable[[float], None],
) -> Colour:
    """Decode the frames of `plan(found)`, scaled down, and count them. `on_progress` gets 0…1.

    Raises `MediaError` when nothing decodes, and whatever `runner.stream` raises.
    """
    chosen, tally = plan(found), Tally()
    async for frame in _frames(target, video, chosen, tools, time_limit):
        weight = chosen.weights[tally.frames] if tally.frames < len(chosen.weights) else 0.0
        tally.add(frame, max(weight, 1e-3))
        on_progress(min(tally.frames / max(len(chosen.weights), 1), 1.0))
    if not tally.frames and chosen.keys_only:
        every = max(-(-found.count // SAMPLES), 1)
        async for frame in _frames(target, video, Plan(False, every, []), tools, time_limit):
            tally.add(frame, 1.0)
    return tally.result()


async def _frames(
    target: str | Path, video: VideoStream, chosen: Plan, tools: Tools, time_limit: float
) -> AsyncIterator[NDArray[np.uint8]]:
    width, height = _reduced(video)
    pixel_format, depth = ("rgb48le", 2) if video.hdr else ("bgr24", 1)
    skipping = ["-discard", "nokey", "-skip_frame", "nokey"] if chosen.keys_only else []
    filters = _filters(video, chosen.every, width, height)
    args = ["-noautorotate", *skipping, *input_args(target), "-map", f"0:{video.index}", "-vf", filters]
    args += ["-fps_mode", "passthrough", "-pix_fmt", pixel_format, "-f", "rawvideo", "pipe:1"]
    async with stream(tools, "ffmpeg", args, time_limit=time_limit) as reader:
        async for block in reader.blocks(width * height * 3 * depth):
            if video.hdr:
                deep = np.frombuffer(block, "<u2").reshape(height, width, 3)
                yield to_standard(deep, video.color_transfer or "")
            else:
                yield np.frombuffer(block, np.uint8).reshape(height, width, 3)


def _filters(video: VideoStream, every: int, width: int, height: int) -> str:
    scale = f"scale={width}:{height}:flags=area+accurate_rnd+full_chroma_int"
    if not is_rgb(video):
        full = "pc" if video.color_range == "pc" else "tv"
        scale += f":in_color_matrix={'bt2020' if video.hdr else matrix(video)}:in_range={full}"
    return f"select=not(mod(n\\,{every})),{scale}" if every > 1 else scale


def _reduced(video: VideoStream) -> tuple[int, int]:
    factor = min(LONGEST_SIDE / max(video.width, video.height), 1.0)
    return max(round(video.width * factor), 1), max(round(video.height * factor), 1)
