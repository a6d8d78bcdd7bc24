"""Which times of a video may be asked for: pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from libs.contracts.errors import InvalidInputError, OutOfRangeError

TOLERANCE = 0.05
"""Seconds that a time may be off: players and containers round differently."""
SLOWEST, FASTEST = 0.25, 4.0
INVALID_TIME_RANGE = "INVALID_TIME_RANGE"


@dataclass(frozen=True)
class ClipTimes:
    """Seconds of the video, all within it: `0 <= start <= cover <= end`, and `start < end`."""

    start: float
    end: float
    cover: float


def clip_times(start: float, end: float, cover: float, duration: float) -> ClipTimes:
    """The times as they are used, for a video of `duration` seconds. Raises `InvalidInputError`."""
    _check_finite(range_start=start, range_end=end, cover_time=cover)
    if not (start >= -TOLERANCE and end <= duration + TOLERANCE):
        raise _no_range(f"The range must lie within the video, which lasts {duration:.3f} s.")
    start, end = _rounded(max(start, 0.0)), _rounded(min(end, duration))
    if not start < end:
        raise _no_range("The range must end after it starts.")
    if not start - TOLERANCE <= cover <= end + TOLERANCE:
        raise _no_range("The cover must be a frame of the range.")
    return ClipTimes(start, end, min(max(_rounded(cover), start), end))


def thumbnail_time(timestamp: float, duration: float) -> float:
    """A time of the video in whole milliseconds. Raises `OutOfRangeError`."""
    _check_finite(timestamp=timestamp)
    if not -TOLERANCE <= timestamp <= duration + TOLERANCE:
        message = f"The timestamp must lie within the video, which lasts {duration:.3f} s."
        raise OutOfRangeError(message, error_code=INVALID_TIME_RANGE)
    return round(min(max(timestamp, 0.0), duration), 3)


def check_speed(speed: float) -> None:
    _check_finite(speed=speed)
    if not SLOWEST <= speed <= FASTEST:
        raise OutOfRangeError(f"The speed must be {SLOWEST:g} to {FASTEST:g}.")


def _check_finite(**numbers: float) -> None:
    for name, number in numbers.items():
        if not math.isfinite(number):
            raise InvalidInputError(f"{name} must be a number.")


def _rounded(time: float) -> float:
    """Times count to the microsecond."""
    return round(time, 6)


def _no_range(message: str) -> InvalidInputError:
    return InvalidInputError(message, error_code=INVALID_TIME_RANGE)
