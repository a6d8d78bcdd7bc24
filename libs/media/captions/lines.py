"""Text broken into lines, given how wide its unbreakable parts are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

_WITHIN_WORD = 0.25
"""What breaking a line within a word costs: as much as filling this share of the width unevenly."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a line is not broken in: `width` of it, and `space` before it when it does not begin a line; its
    ink may reach out of it by `over` at either side. `word`: a word begins with it. `forced`: a line."""

    width: float
    space: float
    over: float = 0.0
    word: bool = True
    forced: bool = False


class Ruler:
    """Measures lines of `parts`, ink included, in no time."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._sums = [0.0, *accumulate(part.width + part.space for part in parts)]
        self._over = 2 * max(part.over for part in parts)

    def width(self, start: int, end: int) -> float:
        """Of the line from the part `start` to before the part `end`."""
        return self._sums[end] - self._sums[start] - self._parts[start].space + self._over


def widths(parts: Sequence[Part], starts: Sequence[int]) -> list[float]:
    """Of the lines that begin with the parts at `starts` (the first is 0)."""
    width = Ruler(parts).width
    return [width(start, end) for start, end in zip(starts, [*starts[1:], len(parts)], strict=True)]


def fewest(parts: Sequence[Part], limit: float, *, authored: bool = True) -> list[int] | None:
    """Where lines begin when each is filled up to `limit`; `None` when a part is wider. `authored`: breaks
    that are forced are made."""
    starts: list[int] = []
    at, width = 0, Ruler(parts).width
    while at < len(parts):
        starts.append(at)
        end = at + 1
        if width(at, end) > limit:
            return None
        while end < len(parts) and not (authored and parts[end].forced) and width(at, end + 1) <= limit:
            end += 1
        at = end
    return starts


def balanced(parts: Sequence[Part], limit: float, *, authored: bool = True) -> list[int] | None:
    """Where lines begin so that they are as few as possible and, of those ways, about equally wide and not
    broken within words if that can be helped; `None` as `fewest`."""
    greedy = fewest(parts, limit, authored=authored)
    if greedy is None or len(greedy) < 2:
        return greedy
    count, total, ruler = len(greedy), len(parts), Ruler(parts)
    unreached = float("inf")
    costs = [0.0 if not end else unreached for end in range(total + 1)]
    back: list[list[int]] = []
    for _ in range(count):
        following, chosen = [unreached] * (total + 1), [0] * (total + 1)
        for start, cost in enumerate(costs[:total]):
            if cost == unreached:
                continue
            for end in range(start + 1, total + 1):
                width = ruler.width(start, end)
                if width > limit:
                    break
                price = cost + (1 - width / limit) ** 2 + _break_cost(parts, start)
                if price < following[end]:
                    following[end], chosen[end] = price, start
                if end < total and authored and parts[end].forced:
                    break
        costs = following
        back.append(chosen)
    starts, end = [], total
    for chosen in reversed(back):
        end = chosen[end]
        starts.append(end)
    return starts[::-1]


def _break_cost(parts: Sequence[Part], start: int) -> float:
    return 0.0 if not start or parts[start].word else _WITHIN_WORD
