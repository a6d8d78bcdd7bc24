"""What of a part of a source is copied and what is encoded. Pure, over facts about its two ends.

```
decoded from   K0 ─────┐              ┌───── T                      end
pictures       ......s │ encoded  K1 copied ... T copied ..x encoded │
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

from libs.media.cut.facts import Fact, Refused
from libs.media.cut.nal import Entry, Leading


@dataclass(frozen=True)
class Encoded:
    """Pictures to encode anew: their times, the packet to decode from (`entry`) and the last one needed
    (`last`), both named by their times; `until` is where the last picture ends."""

    frames: tuple[int, ...]
    entry: int
    last: int
    until: int


@dataclass(frozen=True)
class Copied:
    """Packets from the one at `first` up to, not including, the one at `stop` (`None`: all there are). They
    show everything from `first` to `newest`, which ends at `until`. The leading pictures of `first` are left
    out."""

    first: int
    stop: int | None
    newest: int
    until: int
    opened: bool = False


@dataclass(frozen=True)
class Part:
    """The pictures of [start, end) of a source in ticks."""

    start: int
    end: int
    head: Encoded | None = None
    copied: Copied | None = None
    tail: Encoded | None = None

    @property
    def entry(self) -> int:
        """The time of the first packet that is needed."""
        assert self.head or self.copied
        return self.head.entry if self.head else self.copied.first if self.copied else self.start

    @property
    def encoded(self) -> tuple[Encoded, ...]:
        return tuple(edge for edge in (self.head, self.tail) if edge)


def first_join(facts: Sequence[Fact], start: int, end: int) -> int | None:
    """The index of the first picture in [start, end) where a copy can begin."""
    for index, fact in enumerate(facts):
        if fact.joinable and start <= fact.pts < end:
            return index
    return None


def plan_part(head: Sequence[Fact], tail: Sequence[Fact], start: int, end: int) -> Part:
    """`head` begins at or before `start` with a picture that can be decoded, and knows everything up to the
    first join or to `end`. `tail` begins with the last picture that can be decoded by itself
    between that join and `end`, and knows everything up to `end`; it does not matter when there is no join.
    Raises `Refused`."""
    join = first_join(head, start, end)
    if join is None:
        return Part(start, end, head=_encoded(head, start, end))
    first = head[join]
    if tail[0].pts < first.pts:
        raise Refused("its pictures are in a strange order")
    body = _without_leading(tail) if tail[0].pts == first.pts else list(tail)
    count = longest_prefix(body, end)
    if count == 0:
        raise Refused("its pictures are in a strange order")
    rest = [fact.pts for fact in body[count:] if fact.shown]
    newest, until = max(fact.pts for fact in body[:count]), min([end, *rest])
    stop = body[count].pts if count < len(body) else None
    return Part(
        start,
        end,
        head=_encoded(head, start, first.pts) if start < first.pts else None,
        copied=Copied(first.pts, stop, newest, until, opened=first.entry is Entry.OPEN),
        tail=_encoded(body, until, end) if until < end else None,
    )


def longest_prefix(facts: Sequence[Fact], end: int) -> int:
    """How many packets, from the first on, show exactly the pictures before some moment up to `end`."""
    never = max((fact.pts for fact in facts), default=0) + 1
    following = [fact.pts if fact.shown else never for fact in facts] + [never]
    earliest = list(accumulate(reversed(following), min))[::-1]
    latest = accumulate((fact.pts for fact in takewhile(lambda fact: fact.shown, facts)), max)
    return max(
        (i for i, newest in enumerate(latest, 1) if newest < end and newest < earliest[i]),
        default=0,
    )


def _without_leading(facts: Sequence[Fact]) -> list[Fact]:
    """`facts` without the leading pictures of the first. They are told by their times, too: not every
    format says so of itself."""
    first = facts[0]
    return [first, *(f for f in facts[1:] if f.pts > first.pts)]


def _encoded(facts: Sequence[Fact], start: int, end: int) -> Encoded:
    wanted = [fact for fact in facts if fact.shown and start <= fact.pts < end]
    frames = tuple(sorted(fact.pts for fact in wanted))
    if not frames or frames[0] != start or len(set(frames)) != len(frames):
        raise Refused("some of its pictures are missing or have the same time")
    entries = (f for f in facts if f.entry is not Entry.NONE and f.leading is Leading.NO)
    entry = max((f.pts for f in entries if f.pts <= start), default=None)
    if entry is None:
        raise Refused("there is no picture before the cut that can be decoded by itself")
    return Encoded(frames, entry, wanted[-1].pts, end)
