"""How much may be made of a video: what takes longer than anybody waits is refused before it begins. Pure."""

from __future__ import annotations

from fractions import Fraction

from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.media import MediaInfo
from libs.media.foretell import video_of
from libs.media.motion import CLIP_SIZE, clip_rate
from libs.media.rhythm import MAX_RATE
from libs.media.standard import size_within
from services.sessions.times import INVALID_TIME_RANGE

MAX_LENGTH = 4 * 3600.0
"""Seconds of a video: its preview has 432,000 frames then."""
MAX_PACKETS = 1_000_000
"""Of a video that is measured by them: four hours at 60 a second, and some."""
MAX_PIXELS = 2 * 10**12
"""Of all frames of a video, which its preview shows: four hours of 1080p at 60 a second."""
MAX_CLIP_LENGTH = 600.0
"""Seconds of a clip as it is played."""
MAX_CLIP_PIXELS = 15 * 10**10
"""Of all frames of a clip: ten minutes of 2160p at 30 a second."""


def check_length(seconds: float) -> None:
    """Raises `MediaError` for a video that is too long for a preview."""
    if seconds > MAX_LENGTH:
        raise MediaError(f"This video is too long: it may last {MAX_LENGTH / 3600:g} hours at most.")


def check_packets(count: int) -> None:
    """Raises `MediaError`."""
    if count > MAX_PACKETS:
        raise MediaError(f"This video has too many frames: more than {MAX_PACKETS:,}.")


def check_video(info: MediaInfo, seconds: float) -> None:
    """Raises `MediaError` when there is too much in a video that lasts so long for a preview."""
    check_length(seconds)
    video = video_of(info)
    rate = min(float(Fraction(video.frame_rate)), MAX_RATE)
    frames = max(video.declared_frames or 0, rate * seconds)
    if frames * video.width * video.height > MAX_PIXELS:
        size = f"{video.width} x {video.height} pixels"
        raise MediaError(f"This video is too much to look at: {frames:.0f} frames of {size}.")


def check_clip(info: MediaInfo, seconds: float) -> None:
    """Raises `InvalidInputError` when a clip that is played for so long is too much for a Motion Photo."""
    if seconds > MAX_CLIP_LENGTH:
        raise InvalidInputError(
            f"A Motion Photo may last {MAX_CLIP_LENGTH:g} s at most; this one would last {seconds:.1f} s.",
            error_code=INVALID_TIME_RANGE,
        )
    video = video_of(info)
    width, height = size_within(video, CLIP_SIZE, even=True)
    if seconds * float(clip_rate(video)) * width * height > MAX_CLIP_PIXELS:
        raise InvalidInputError(
            f"{seconds:.1f} s of {width} x {height} pixels are too much for a Motion Photo; "
            "choose a shorter part.",
            error_code=INVALID_TIME_RANGE,
        )
