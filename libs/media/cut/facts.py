"""What is known of a picture without decoding it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from libs.media.cut.nal import Entry, Leading

DEEPEST = 16
"""No more pictures than this precede one in the stream and follow it on the screen (H.264 and H.265, A.3)."""


class Refused(Exception):  # noqa: N818  (nothing is wrong, it is only not for us)
    """This cannot be cut without encoding all of it; says why."""


class Fact(NamedTuple):
    """One picture, in the order of the stream. Times are ticks of its stream; `key` is the container's word.
    Not `shown` are those outside of an edit list, and those that no decoder gives."""

    pts: int
    duration: int
    key: bool = False
    entry: Entry = Entry.NONE
    leading: Leading = Leading.NO
    shown: bool = True

    @property
    def joinable(self) -> bool:
        """Whether a copy can begin here, after other pictures."""
        return self.entry >= Entry.OPEN and self.shown


class Settled:
    """Told of pictures in the order of the stream, whether all that are shown before `bound` are known."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._past = 0

    def __call__(self, fact: Fact) -> bool:
        self._past += fact.pts >= self._bound
        return self._past > DEEPEST


def reorder_depth(facts: Iterable[Fact]) -> int:
    """How many pictures at most are in the stream before one that is shown before all of them."""
    order = [fact.pts for fact in facts]
    ranks = {pts: rank for rank, pts in enumerate(sorted(order))}
    return max((index - ranks[pts] for index, pts in enumerate(order)), default=0)
