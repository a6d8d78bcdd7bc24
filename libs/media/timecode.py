"""Times as people and ffmpeg write them."""

from __future__ import annotations

import re
from fractions import Fraction

from libs.contracts.errors import InvalidInputError

MAX_LENGTH = 64
"""Characters of a time."""
MAX_SECONDS = 10**6 * 3600

_UNITS = {"": Fraction(1, 1000), "ms": Fraction(1, 1000), "us": Fraction(1, 10**6), "s": Fraction(1)}
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|ms|us)?", re.ASCII)
_CLOCK = re.compile(r"(?:([0-9]+):)?([0-5]?[0-9]):([0-5]?[0-9](?:\.[0-9]+)?)", re.ASCII)
_NEGATIVE = re.compile(r"[-\u2212]")


def parse_time(text: str) -> float:
    """Seconds of `5000` (milliseconds), `[HH:]MM:SS[.f]`, `N[.f]s`, `Nms` or `Nus`.

    Minutes and seconds of a clock are below 60. Raises `InvalidInputError` for everything else, negative
    times included.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidInputError("This is too long to be a time.")
    stripped = text.strip(" ")
    if _NEGATIVE.match(stripped):
        raise InvalidInputError(f"A time must not be negative: {stripped}")
    seconds = _seconds(stripped)
    if seconds is None:
        raise InvalidInputError(
            f"This is not a time: {stripped!r}. Write milliseconds (5000), 5s, 1500ms or 00:00:05.000."
        )
    if seconds > MAX_SECONDS:
        raise InvalidInputError(f"This time is too long: {stripped}")
    return float(seconds)


def _seconds(text: str) -> Fraction | None:
    if amount := _AMOUNT.fullmatch(text):
        return Fraction(amount[1]) * _UNITS[amount[2] or ""]
    if clock := _CLOCK.fullmatch(text):
        return (int(clock[1] or 0) * 60 + int(clock[2])) * 60 + Fraction(clock[3])
    return None
