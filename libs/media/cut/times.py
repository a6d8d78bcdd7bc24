"""When the pictures of a source are shown, found near the moments asked for."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property

from libs.contracts.errors import MediaError
from libs.media.cut.facts import Fact, Settled
from libs.media.cut.nal import Entry
from libs.media.cut.scan import TimelessError, beginning, ending, scan
from libs.media.cut.source import NO_FRAMES, Media

UNTIMED = ("vp8",)
"""Codecs that have packets without a picture."""
MARGIN = 5
"""Seconds to decode before a moment, for times that only decoding tells."""


def starts(fact: Fact) -> bool:
    """Whether everything shown from this picture on follows it in the stream."""
    return fact.key or fact.entry is not Entry.NONE


class PacketTimes:
    """Frame times (`libs.media.passes.resolve.Frames`) out of packets."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._known: dict[Fraction, int] = {}
        if media.codec in UNTIMED:
            raise TimelessError(media)
        self.zero = self._zero()

    def at_or_after(self, time: Fraction) -> Fraction:
        return (self.pts(time) - self.zero) * self._media.tick

    @property
    def end(self) -> Fraction:
        return (self.last - self.zero) * self._media.tick

    @property
    def origin(self) -> Fraction:
        return self.zero * self._media.tick

    def pts(self, time: Fraction) -> int:
        """The first shown picture at or after `time`, in ticks of the stream; `last` when there is none."""
        if time not in self._known:
            self._known[time] = self._pts(time)
        return self._known[time]

    @cached_property
    def last(self) -> int:
        """Where the last picture ends, in ticks of the stream."""
        facts = ending(self._media, starts)
        shown = sorted(fact for fact in facts if fact.shown and fact.pts >= self.zero)
        if not shown:
            raise MediaError(NO_FRAMES)
        return shown[-1].pts + (shown[-1].duration or self._media.frame)

    def _pts(self, time: Fraction) -> int:
        bound = self.zero + ceil(time / self._media.tick - tolerance(self._media))
        if bound <= self.zero or bound >= self.last:
            return self.zero if bound <= self.zero else self.last
        facts = scan(self._media, bound, starts, lambda: Settled(bound))
        return min((fact.pts for fact in facts if fact.shown and fact.pts >= bound), default=self.last)

    def _zero(self) -> int:
        """The first picture that a decoder shows."""
        facts = beginning(self._media, _Count())
        shown = [fact.pts for fact in facts if fact.shown]
        if not shown or not starts(facts[0]):
            raise TimelessError(self._media)
        return min(shown)


class _Count:
    """Enough once 17 shown pictures are known: none of the others can be before all of these."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, fact: Fact) -> bool:
        self._count += fact.shown
        return self._count > 16


class DecodedTimes:
    """Frame times by decoding, for containers that do not tell them. Nothing is copied from these."""

    def __init__(self, media: Media) -> None:
        self._media = media
        zero = next(self._times(None), None)
        if zero is None:
            raise MediaError(NO_FRAMES)
        self._zero = zero[0]

    def at_or_after(self, time: Fraction) -> Fraction:
        bound = self._zero + ceil(time / self._media.tick - tolerance(self._media))
        if bound <= self._zero:
            return Fraction(0)
        if time >= self.end:
            return self.end
        for pts, _ in self._times(bound - round(MARGIN / self._media.tick)):
            if pts >= bound:
                return (pts - self._zero) * self._media.tick
        return self.end

    @property
    def origin(self) -> Fraction:
        return self._zero * self._media.tick

    @cached_property
    def end(self) -> Fraction:
        target, step = self._media.claimed_end, round(MARGIN * 4 / self._media.tick)
        last: tuple[int, int] | None = None
        while last is None and target > self._media.earliest:
            target, step = target - step, step * 2
            last = max(self._times(max(target, self._media.earliest)), default=None)
        if last is None:
            raise MediaError(NO_FRAMES)
        return (last[0] + (last[1] or self._media.frame) - self._zero) * self._media.tick

    def _times(self, target: int | None) -> Iterator[tuple[int, int]]:
        """Time and duration of the pictures from about `target` on, in the order shown."""
        following: int | None = None
        for frame in self._media.decode(target):
            times = (frame.pts, frame.dts, following)
            pts = next((time for time in times if time is not None), None)
            if pts is not None:
                yield pts, frame.duration
                following = pts + (frame.duration or self._media.frame)


def ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def tolerance(media: Media) -> Fraction:
    """Ticks that a time may be late and still mean a picture: one, at most a quarter of a picture."""
    return min(Fraction(1), Fraction(media.frame, 4))
