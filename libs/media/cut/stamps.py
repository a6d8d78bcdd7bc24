"""Decoding times for packets whose presentation times are given. Pure."""

from __future__ import annotations

from fractions import Fraction
from heapq import heappop, heappush
from math import lcm

FINEST = 10_000_000
"""Ticks a second of the finest time base that is worth having."""


class TooDeepError(Exception):
    """Pictures are reordered more deeply than was expected."""


class Stamps:
    """Decoding times of a stream whose first picture is shown at 0 and whose pictures are moved by at most
    `depth` places between stream and screen: the presentation times in order, `depth` places late. `frame` is
    what a picture takes, in ticks like everything here."""

    def __init__(self, depth: int, frame: int) -> None:
        self._depth, self._frame = depth, frame
        self._waiting: list[int] = []
        self._count = 0
        self._last: int | None = None

    def __call__(self, pts: int) -> int:
        """The decoding time of the next packet. `TooDeepError` when there is no good one."""
        heappush(self._waiting, pts)
        early = self._depth - self._count
        dts = -early * self._frame if early > 0 else heappop(self._waiting)
        if dts > pts or (self._last is not None and dts <= self._last):
            raise TooDeepError
        self._count, self._last = self._count + 1, dts
        return dts


def common_tick(ticks: list[Fraction]) -> Fraction | None:
    """The coarsest time base in which all times of all of these are whole; `None` when it is too fine."""
    rate = lcm(*(tick.denominator for tick in ticks))
    return Fraction(1, rate) if rate <= FINEST else None
