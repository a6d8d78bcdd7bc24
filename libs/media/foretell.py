"""What a probe will find in videos that are not made yet: lengths, sizes, rates and codec families. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from libs.contracts.errors import MediaError
from libs.contracts.media import AudioStream, MediaInfo, VideoStream
from libs.media.passes.clocks import Grid, exact, grid
from libs.media.reasons import no_video
from libs.media.rhythm import MPEG_CLOCK, rhythm_of

UNKNOWN_SIZE = 0
"""Bytes of what is not made yet."""


def video_of(info: MediaInfo) -> VideoStream:
    """Raises `MediaError` when there is none."""
    if info.video is None:
        raise MediaError(no_video(info))
    return info.video


def length_of(info: MediaInfo) -> float | None:
    """Seconds that the pictures last, as far as it is known."""
    return video_of(info).duration or info.duration or None


def end_of(info: MediaInfo) -> float | None:
    """Seconds after which there is certainly no picture, as far as it is known. Containers that lose the
    duration of the last frame tell less of the pictures than of the whole."""
    return max(length_of(info) or 0.0, info.duration or 0.0) or None


def frames_of(info: MediaInfo) -> Grid | None:
    """The frames of a constant rate; `None` where rate or length are not known."""
    length, rhythm = length_of(info), rhythm_of(video_of(info))
    return None if rhythm.variable or length is None else grid(rhythm.rate, exact(length))


def part(info: MediaInfo, start: float, end: float) -> MediaInfo:
    """From the first frame at or after `start` up to the first one at or after `end`."""
    frames, last = frames_of(info), end_of(info)
    if frames is not None:
        cut = frames.at_or_after(exact(end)) - frames.at_or_after(exact(start))
        return _lasting(info, float(max(cut, 1 / frames.rate)))
    return _lasting(info, (end if last is None else min(end, last)) - start)


def joined(infos: Sequence[MediaInfo]) -> MediaInfo:
    """One after the other; everything but length and rate is that of the first."""
    lengths = [length_of(info) for info in infos]
    known = [length for length in lengths if length is not None]
    first = infos[0]
    info = msgspec.structs.replace(first, video=_of_one_rate([video_of(each) for each in infos]))
    return _lasting(info, sum(known) if len(known) == len(lengths) else None)


def _of_one_rate(videos: Sequence[VideoStream]) -> VideoStream:
    """The first of them; at a variable rate when they are not all at the same constant one."""
    rhythms = [rhythm_of(video) for video in videos]
    if any(rhythm.variable for rhythm in rhythms) or len({rhythm.rate for rhythm in rhythms}) > 1:
        clock = f"{MPEG_CLOCK.numerator}/{MPEG_CLOCK.denominator}"
        return msgspec.structs.replace(videos[0], variable_rate=True, time_base=clock)
    rounded = [video for video, rhythm in zip(videos, rhythms, strict=True) if rhythm.steps]
    return msgspec.structs.replace(videos[0], time_base=rounded[0].time_base) if rounded else videos[0]


def encoded(info: MediaInfo, video: VideoStream, audio: Sequence[AudioStream]) -> MediaInfo:
    """As many frames of `video`, which has a constant rate, as come nearest to the length of `info`."""
    length, rate = length_of(info), Fraction(video.frame_rate)
    seconds = None if length is None else float(grid(rate, exact(length)).end)
    return _lasting(msgspec.structs.replace(info, video=video, audio=list(audio)), seconds)


def plain(video: VideoStream, family: str, width: int, height: int, rate: int) -> VideoStream:
    """`video` as upright square pixels at a constant rate."""
    constant = f"{rate}/1"
    return msgspec.structs.replace(
        video,
        codec=family, profile=None, width=width, height=height, display_width=width, display_height=height,
        frame_rate=constant, nominal_rate=constant, time_base=f"1/{rate}", variable_rate=False,
        rotation=0, sample_aspect="1:1", interlaced=False, alpha=False,
    )  # fmt: skip


def _lasting(info: MediaInfo, seconds: float | None) -> MediaInfo:
    """`info` of a new file that lasts so long, which has pictures and sound and nothing else."""
    video = msgspec.structs.replace(
        video_of(info), start=0.0, duration=seconds, bit_rate=None, declared_frames=None
    )
    return msgspec.structs.replace(
        info,
        size=UNKNOWN_SIZE,
        start=0.0,
        duration=seconds,
        bit_rate=None,
        video=video,
        extra_videos=0,
        pictures=0,
        audio=[msgspec.structs.replace(each, bit_rate=None, duration=seconds) for each in info.audio],
        subtitles=[],
    )
