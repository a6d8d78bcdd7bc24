"""The liveliest part of a video: where much moves and it is loud."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from libs.contracts.media import MediaInfo
from libs.media.clock import offset_of
from libs.media.command.written import GLOBAL
from libs.media.foretell import frames_of, length_of, video_of
from libs.media.inputs import input_args
from libs.media.passes.clocks import exact, rounded
from libs.media.runner import stream
from libs.media.video_edit.frames import Footage
from libs.media.video_edit.graph import heard

STEP = 0.5
"""Seconds that are looked at as one."""
SIDE = 64
LONG = 1200.0
"""Seconds of a video from which on key frames tell enough of its pictures."""
QUIETEST = -60.0
"""LUFS under which it does not matter how quiet it is."""
TYPICAL = 0.95
"""Share of the steps that are not livelier than what counts as lively: single cuts and bangs are."""
LEAST_CHANGE, LEAST_LOUDER = 3.0, 6.0
"""Grey levels, and LU, under which one part is not livelier than another."""
_CHANGE, _MOMENT = "lavfi.signalstats.YDIF", "lavfi.r128.M"


@dataclass
class Series:
    """`changes` of the picture (mean difference of its pixels from the one before) and `loudness` (momentary,
    LUFS) by steps of `STEP` seconds from the first picture on."""

    changes: dict[int, float] = field(default_factory=dict)
    loudness: dict[int, float] = field(default_factory=dict)

    def add(self, name: str, at: float, value: float) -> None:
        kept = self.changes if name == _CHANGE else self.loudness
        step = int(at / STEP)
        if step >= 0 and value > kept.get(step, float("-inf")):
            kept[step] = value

    def rows(self, steps: int) -> tuple[list[float], list[float]]:
        """Both, so many steps long."""
        changes = [self.changes.get(step, 0.0) for step in range(steps)]
        return changes, [max(self.loudness.get(step, QUIETEST), QUIETEST) for step in range(steps)]


async def find_highlight(
    footage: Footage, info: MediaInfo, length: float, time_limit: float, on_progress: Callable[[float], None]
) -> float:
    """Where the liveliest `length` seconds begin, on a frame. Raises as `runner.stream`."""
    duration = length_of(info)
    if duration is not None and duration <= length:
        return 0.0
    series = await _series(footage, info, time_limit, on_progress)
    last = max([*series.changes, *series.loudness], default=0)
    duration = duration or (last + 1) * STEP
    changes, loudness = series.rows(max(int(duration / STEP), 1))
    start = liveliest(changes, loudness, length=length, duration=duration)
    frames = frames_of(info)
    if frames is None or not start:
        return start
    found = frames.at_or_after(exact(start))
    latest = frames.end - exact(length)
    return max(rounded(min(found, latest)), 0.0)


def liveliest(
    changes: Sequence[float], loudness: Sequence[float], *, length: float, duration: float
) -> float:
    """The start of the `length` seconds with the most change and loudness, each a value for every `STEP`
    seconds, each counting as much as the other; the earliest of equal ones, never so late that less than
    `length` is left of `duration`."""
    lively = [
        a + b for a, b in zip(_shares(changes, LEAST_CHANGE), _shares(loudness, LEAST_LOUDER), strict=True)
    ]
    latest = max(duration - length, 0.0)
    starts = [step * STEP for step in range(len(lively)) if step * STEP <= latest]
    starts += [latest] if latest > starts[-1] else []
    best, most = 0.0, float("-inf")
    for start in starts:
        total = _total(lively, start, start + length)
        if total > most + 1e-9:
            best, most = start, total
    return best


def _total(values: Sequence[float], start: float, end: float) -> float:
    """The integral over time."""
    total = 0.0
    for step in range(int(start / STEP), min(int(end / STEP) + 1, len(values))):
        total += values[step] * max(min(end, (step + 1) * STEP) - max(start, step * STEP), 0.0)
    return total


def _shares(values: Sequence[float], least: float) -> list[float]:
    """From 0, the lowest, to 1, what few exceed and is higher by `least`."""
    ordered = sorted(values)
    low, high = ordered[0], ordered[min(int(len(ordered) * TYPICAL), len(ordered) - 1)]
    span = max((high if high > low else ordered[-1]) - low, least)
    return [min((value - low) / span, 1.0) for value in values]


def series_args(target: str | Path, info: MediaInfo) -> list[str]:
    """The arguments of ffmpeg that print both series to its stdout: the time of each measure, then it."""
    video, track = video_of(info), heard(info)
    keys = ["-skip_frame:v", "nokey"] if (length_of(info) or 0.0) > LONG else []
    printed = "mode=print:direct=1:file=-:key"
    seen = f"fps={2 / STEP:g},scale={SIDE}:{SIDE}:flags=fast_bilinear,format=gray,signalstats"
    argv = [*GLOBAL, *keys, *input_args(target), "-map", f"0:{video.index}"]
    argv += ["-vf", f"{seen},metadata={printed}={_CHANGE}"]
    if track is not None:
        listened = f"aformat=channel_layouts=stereo,ebur128=metadata=1,ametadata={printed}={_MOMENT}"
        argv += ["-map", f"0:{track.index}", "-af", listened]
    return [*argv, "-f", "null", "-"]


async def _series(
    footage: Footage, info: MediaInfo, time_limit: float, on_progress: Callable[[float], None]
) -> Series:
    argv, series, at, duration = series_args(footage.target, info), Series(), 0.0, length_of(info)
    first = float(offset_of(info))
    async with stream(footage.tools, "ffmpeg", argv, cwd=footage.cwd, time_limit=time_limit) as reader:
        async for line in reader.lines():
            if "pts_time:" in line:
                at = _number(line.rpartition("pts_time:")[2])
            name, equals, value = line.partition("=")
            if equals and name in (_CHANGE, _MOMENT):
                series.add(name, at - first, _number(value))
                if duration and name == _CHANGE:
                    on_progress(min(max((at - first) / duration, 0.0), 1.0))
    return series


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if abs(value) < 1e9 else 0.0  # nor is a NaN
