"""The frame times of sources, and of what is made from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

MICROSECONDS = 10**6
SNAP = Fraction(1, 10_000)
"""How much later than its frame a time on a constant grid may be and still mean it (seconds)."""


class Clock(Protocol):
    """Frame times in exact seconds from the first frame."""

    def at_or_after(self, time: Fraction) -> Fraction:
        """The time of the first frame at or after `time` (a tick earlier is good enough); `end` if none."""
        ...

    @property
    def end(self) -> Fraction:
        """The end of the last frame."""
        ...


class Frames(Clock, Protocol):
    """The frame times of one source, from its first shown frame on."""

    @property
    def origin(self) -> Fraction | None:
        """When that is by the clock of its container; `None` where nobody looked."""
        ...


@dataclass(frozen=True)
class Steady:
    """Sound, or pictures whose times nobody knows: every moment may begin something."""

    end: Fraction

    def at_or_after(self, time: Fraction) -> Fraction:
        return min(time, self.end)


@dataclass(frozen=True)
class Scaled:
    """`frames` played `factor` times as fast."""

    frames: Clock
    factor: Fraction

    def at_or_after(self, time: Fraction) -> Fraction:
        return self.frames.at_or_after(time * self.factor) / self.factor

    @property
    def end(self) -> Fraction:
        return self.frames.end / self.factor


@dataclass(frozen=True)
class Grid:
    """`count` frames, `rate` of them a second."""

    rate: Fraction
    count: int

    def at_or_after(self, time: Fraction) -> Fraction:
        tolerance = min(SNAP * self.rate, Fraction(1, 4))
        return min(max(math.ceil(time * self.rate - tolerance), 0), self.count) / self.rate

    @property
    def end(self) -> Fraction:
        return self.count / self.rate


def grid(rate: Fraction, seconds: Fraction) -> Grid:
    """As many frames as come nearest to `seconds`; at least one."""
    return Grid(rate, max(math.floor(seconds * rate + Fraction(1, 2)), 1))


def exact(seconds: float) -> Fraction:
    """A time of a graph: whole microseconds."""
    return Fraction(round(seconds * MICROSECONDS), MICROSECONDS)


def rounded(time: Fraction) -> float:
    """A time for a graph, rounded down, so that the frame at `time` is still at or after it."""
    return math.floor(time * MICROSECONDS) / MICROSECONDS
