"""Frames of a video counted and timed from its packets, without decoding it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from libs.contracts.media import MediaInfo, VideoStream
from libs.media.bounds import check_frames
from libs.media.inputs import input_args
from libs.media.runner import Progress, run_ffmpeg, stream
from libs.media.tools import Tools

HIDDEN_FRAMES = {"vp8"}
"""Codecs with packets of frames that are never shown (VP8's alternate reference frames)."""

FIELD_PICTURES = {"h264", "hevc"}
ONE_FRAME_PER_SAMPLE = {"mov", "mp4", "matroska", "webm", "avi", "flv"}
"""In these a packet is a whole frame; in others an interlaced one may come as two packets of a field."""

CLOCK_ROUNDING = 0.0015
"""Seconds. Containers that count in milliseconds put a frame up to this far off its exact time."""

MAX_LOST = 3
"""Frames that may be missing from a constant rate, as they are where a file was cut."""


@dataclass
class Scan:
    """Presentation times in seconds: `times` of all frames in order, `keys` of key frames. `end` is the
    end of the last frame. `exact` is false where packets cannot tell how many frames are shown."""

    times: array[float] = field(default_factory=lambda: array("d"))
    keys: array[float] = field(default_factory=lambda: array("d"))
    end: float = 0.0
    untimed: int = 0
    exact: bool = True

    @property
    def count(self) -> int:
        return len(self.times) + self.untimed

    @property
    def span(self) -> float:
        """Seconds from the first frame to the end of the last."""
        return max(self.end - self.times[0], 0.0) if self.times else 0.0


async def scan(
    target: str | Path, info: MediaInfo, video: VideoStream, tools: Tools, *, time_limit: float
) -> Scan:
    """Read every packet of `video` once. Raises as `runner.run_ffprobe`.

    AVI has no presentation times; its decoding times are as evenly spaced as its frames.
    """
    clock = "dts_time" if "avi" in info.formats else "pts_time"
    found = Scan(exact=not _ambiguous(info, video))
    asked = ["-select_streams", str(video.index), "-of", "compact=p=0"]
    asked += ["-show_entries", "packet=pts_time,dts_time,duration_time,flags"]
    async with stream(tools, "ffprobe", [*asked, *input_args(target)], time_limit=time_limit) as reader:
        async for line in reader.lines():
            if "flags=" in line:
                _note(found, dict(part.split("=", 1) for part in line.split("|") if "=" in part), clock)
                check_frames(found.count)  # whatever the headers said
    found.times = _sorted(found.times)
    found.keys = _sorted(found.keys)
    return found


def _sorted(times: array[float]) -> array[float]:
    """In order, without a Python object for each of what may be millions."""
    return array("d", np.sort(np.frombuffer(times, dtype=np.float64)).tobytes()) if times else times


async def count_by_decoding(
    target: str | Path, video: VideoStream, tools: Tools, *, cwd: Path, time_limit: float
) -> int:
    """The number of frames that a full decode shows, for the few formats where packets do not tell."""
    last = Progress()

    def follow(progress: Progress) -> None:
        nonlocal last
        last = progress

    shown = ["-map", f"0:{video.index}", "-fps_mode", "passthrough", "-f", "null", "pipe:1"]
    await run_ffmpeg(
        tools,
        ["-noautorotate", *input_args(target), *shown],
        cwd=cwd,
        time_limit=time_limit,
        on_progress=follow,
    )
    return last.frames


def constant_rate(found: Scan, video: VideoStream) -> Fraction | None:
    """The exact rate whose grid every frame keeps to, within the rounding of the container's clock;
    `None` when the frames are not evenly spaced."""
    tolerance = max(float(Fraction(video.time_base or "1/90000")), CLOCK_ROUNDING) * 1.01
    for text in (video.nominal_rate, video.frame_rate):
        rate = Fraction(text)
        if rate and found.times and _on_grid(found.times, rate, tolerance):
            return rate
    return None


def average_rate(found: Scan, video: VideoStream) -> float:
    """Frames per second over the whole video."""
    if len(found.times) > 1 and found.span > 0:
        return len(found.times) / found.span
    return float(Fraction(video.frame_rate))


def _ambiguous(info: MediaInfo, video: VideoStream) -> bool:
    whole = bool(ONE_FRAME_PER_SAMPLE & set(info.formats))
    return (video.interlaced and video.codec in FIELD_PICTURES and not whole) or video.codec in HIDDEN_FRAMES


def _note(found: Scan, packet: dict[str, str], clock: str) -> None:
    flags = packet["flags"]
    if "D" in flags:
        return
    if "C" in flags or (not found.count and "K" not in flags):
        found.exact = False
    time = _seconds(packet.get(clock))
    if time is None:
        found.untimed += 1
        return
    found.times.append(time)
    found.end = max(found.end, time + (_seconds(packet.get("duration_time")) or 0.0))
    if "K" in flags:
        found.keys.append(time)


def _on_grid(times: array[float], rate: Fraction, tolerance: float) -> bool:
    first, step = times[0], float(1 / rate)
    slots = [round((time - first) / step) for time in times]
    lost = slots[-1] + 1 - len(slots)
    if lost < 0 or lost > min(MAX_LOST, len(slots) // 8):
        return False
    return all(abs(time - first - slot * step) <= tolerance for time, slot in zip(times, slots, strict=True))


def _seconds(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
