"""One frame of a video as a JPEG, decoded from the nearest key frame on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from libs.contracts.errors import MediaError, TaskTimeoutError
from libs.contracts.graph import FilterStep
from libs.contracts.media import MediaInfo, VideoStream
from libs.media.foretell import video_of
from libs.media.inputs import input_args, transparent_decoder
from libs.media.passes.clocks import MICROSECONDS
from libs.media.picture import deinterlace, step
from libs.media.runner import run_ffmpeg, stream
from libs.media.standard import jpeg_steps, size_within
from libs.media.tools import Tools

TOLERANCE = 0.0005
"""Seconds by which a frame may be later than the moment that is asked for."""
LEADS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("mov", "matroska", "flv", "asf", "ogg", "avi"), (0.1, 10.0)),
    **dict.fromkeys(("mpegts", "mpeg"), (3.0, 12.0, 60.0)),
}
"""How long before the frame decoding begins, by ffmpeg's name of the demuxer (seconds): at the key frame
before that, or, in those of MPEG, at the one after it, so that a longer one may be needed. Others are read
from their start."""
VAGUE = {"mpegts", "mpeg", "avi"}
"""Their first packets may show nothing, or be shown later than they say: what is shown first is looked at."""
CLONES = 100_000
"""How often the last frame is repeated at most to be shown at a time after it."""
_CAREFUL = ("-y", "-abort_on", "empty_output", "-max_error_rate", "1")


@dataclass(frozen=True)
class Aim:
    """One attempt: decode from `begin` seconds of the file (`None`: its start) up to `moment`, in the clock
    of the container, or, from the start, of the first frame."""

    begin: float | None
    moment: float


async def take_still(
    tools: Tools,
    target: str | Path,
    info: MediaInfo,
    at: float,
    destination: Path,
    *,
    within: tuple[int, int] | None = None,
    quality: int = 2,
    cwd: Path,
    time_limit: float,
) -> None:
    """Write the frame that `target` (a path or URL) shows at `at` seconds to `destination`: a baseline JPEG
    as JFIF wants it, upright, in square pixels, fitted into `within` if it is larger.

    Before its first frame a video shows that one, past the end its last. `quality` is ffmpeg's, from 1, the
    best, to 31. Raises as `run_ffmpeg`, and `MediaError` when there is no frame.
    """
    deadline = time.monotonic() + time_limit
    aims = [Aim(None, max(at, 0.0) + TOLERANCE)]
    if leads := _leads(info, at):
        origin = await _origin(tools, target, info, cwd=cwd, time_limit=time_limit)
        aims = [*_sought(info, origin + at, leads), *aims]
    for aim in aims:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TaskTimeoutError(f"The work took longer than its limit of {time_limit:g} s.")
        argv = still_args(target, info, aim, destination, within=within, quality=quality)
        try:
            await run_ffmpeg(tools, argv, cwd=cwd, time_limit=left)
        except MediaError:
            if aim is aims[-1]:
                raise
        else:
            return


def still_args(
    target: str | Path,
    info: MediaInfo,
    aim: Aim,
    destination: Path,
    *,
    within: tuple[int, int] | None,
    quality: int,
) -> list[str]:
    """The arguments of ffmpeg. It fails when the first frame that it decodes is later than `aim.moment`."""
    video = video_of(info)
    sought = ["-copyts", "-noaccurate_seek", "-ss", f"{aim.begin:.6f}"] if aim.begin is not None else []
    decoder = [text for name, value in transparent_decoder(video).items() for text in (f"-{name}", value)]
    steps = [*shown_steps(video, aim), *jpeg_steps(video, *size_within(video, within))]
    return [
        *(*_CAREFUL, *sought, *decoder, *input_args(target), "-map", f"0:{video.index}"),
        *("-vf", ",".join(map(_written, steps)), "-fps_mode", "passthrough", "-frames:v", "1"),
        *("-c:v", "mjpeg", "-q:v", str(quality), "-qmin:v", "1", "-flags:v", "+bitexact"),
        *("-f", "image2", "-update", "1", f"file:{destination.absolute()}"),
    ]


def shown_steps(video: VideoStream, aim: Aim) -> list[FilterStep]:
    """Of all frames the last one up to `aim.moment`, deinterlaced; from the start at least the first one.

    After it come copies of it, one every usual frame, and `fps` takes what is shown at that moment.
    """
    from_first = [step("setpts", expr="PTS-STARTPTS")] if aim.begin is None else []
    return [
        step("settb", expr=f"1/{MICROSECONDS}"),
        *from_first,
        step("trim", end=f"{aim.moment:.6f}"),
        *deinterlace(video),
        step("tpad", stop=CLONES, stop_mode="clone"),
        step("fps", fps=MICROSECONDS, start_time=f"{aim.moment:.6f}"),
        step("trim", end_frame=1),
    ]


def _leads(info: MediaInfo, at: float) -> Sequence[float]:
    """Those that leave something out."""
    leads = next((LEADS[name] for name in info.formats if name in LEADS), ())
    return [lead for lead in leads if lead < at]


def _sought(info: MediaInfo, moment: float, leads: Sequence[float]) -> list[Aim]:
    """ffmpeg counts seeks from the start of the file."""
    begins = [moment - (info.start or 0.0) - lead for lead in leads]
    return [Aim(begin, moment + TOLERANCE) for begin in begins if begin > 0]


async def _origin(
    tools: Tools, target: str | Path, info: MediaInfo, *, cwd: Path, time_limit: float
) -> float:
    """When the first frame is shown, by the clock of the container (seconds)."""
    video = video_of(info)
    if video.start is not None and VAGUE.isdisjoint(info.formats):
        return video.start
    fine = ["-fps_mode", "passthrough", "-enc_time_base", f"1/{MICROSECONDS}"]
    first = ["-map", f"0:{video.index}", *fine, "-frames:v", "1", "-f", "framecrc", "pipe:1"]
    argv = [*_CAREFUL, "-copyts", *input_args(target), *first]
    async with stream(tools, "ffmpeg", argv, cwd=cwd, time_limit=time_limit) as reader:
        lines = [line async for line in reader.lines() if line and not line.startswith("#")]
    if not lines:
        raise MediaError("Nothing in this video could be decoded.")
    return int(lines[0].split(",")[2]) / MICROSECONDS


def _written(each: FilterStep) -> str:
    """A filter of our own making, as ffmpeg reads it in a chain."""
    return f"{each.name}={':'.join(f'{name}={value}' for name, value in each.options.items())}"
