"""One sound track that is copied: whole packets, put where they are heard. Pure but for `Packet`s.

All parts share one clock in samples. Packets of a part follow each other as in the source; the first one
follows what is there already, about half a packet off at most, and what is off never adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from libs.media.cut.facts import Refused

PREROLL = {"aac": 2, "mp3": 10, "mp2": 1, "opus": 4, "vorbis": 1, "ac3": 1, "eac3": 1}
"""Packets that a decoder needs before the first one that it gives right."""
STATEFUL = ("mp3", "vorbis")
"""Codecs whose packets give no sound, or a wrong one, after those of another place or after none."""
LONGEST_PACKET = Fraction(32, 1000)
LONGEST_GAP = Fraction(16, 1000)
"""Seconds without sound at the very start that are better than sound that comes late."""
EARLIEST = Fraction(15, 1000)
"""Seconds by which sound may come early to close a gap before it."""


class UncopyableError(Exception):
    """The packets of a track cannot simply follow each other: it has to be encoded."""


@dataclass(frozen=True)
class Span:
    """A part: [start, end) seconds of its source's clock, heard from `offset` seconds on."""

    offset: Fraction
    start: Fraction
    end: Fraction
    last: bool = True

    @property
    def stop(self) -> Fraction:
        return self.offset + self.end - self.start


class Cursor:
    """Places packets on the clock of a track of `rate` samples a second. `preroll` packets before the very
    start are taken along, at negative times; with `None` nothing may be before it."""

    def __init__(self, rate: int, preroll: int | None) -> None:
        self._rate, self._preroll = rate, preroll
        self._at: Fraction | None = None
        self._shift = Fraction(0)
        self._span: Span | None = None
        self._begun = False
        self.done = False
        """Whether nothing of the part comes any more."""

    def begin(self, span: Span) -> None:
        """What is placed from now on is of `span`."""
        self._span, self._begun, self.done = span, False, False

    def place(self, time: Fraction, length: Fraction) -> int | None:
        """Where the packet at `time` of the source, of `length` seconds, goes, in samples; `None`: nowhere.
        `UncopyableError` when what is missing before it, or its length, would be heard."""
        span = self._span
        assert span is not None
        if length > LONGEST_PACKET:
            raise UncopyableError
        if not self._begun and not self._begins(time, length, span):
            return None
        at = time + self._shift
        if at + length / 2 >= span.stop:
            self.done = True
            return None
        self._at = at + length
        return round(at * self._rate)

    def finish(self) -> None:
        """The part is over. `UncopyableError` when what is missing of its sound would be heard, or when there
        is no sound at all: players dislike empty tracks."""
        span = self._span
        assert span is not None
        if self._at is None or (not span.last and span.stop - self._at > LONGEST_PACKET):
            raise UncopyableError

    def _begins(self, time: Fraction, length: Fraction, span: Span) -> bool:
        ideal = span.offset + time - span.start
        if self._at is None and self._preroll is not None:
            if ideal + length <= -self._preroll * length:
                return False
            self._shift = span.offset - span.start
        else:
            reached = self._at or Fraction(0)
            early = length / 2 if self._at is not None else max(length - LONGEST_GAP, Fraction(0))
            if ideal < reached - early:
                return False
            if self._at is None:
                reached = max(ideal, reached)
            elif ideal - reached > max(length / 2, EARLIEST):
                raise UncopyableError
            self._shift = reached - time
        self._begun = True
        return True


class Steps:
    """Exact times out of rounded ones: containers that count in milliseconds blur the grid of packets of
    `samples` each."""

    def __init__(self, rate: int, samples: int, tick: Fraction) -> None:
        self._step = Fraction(samples, rate) if samples else None
        self._tick = tick
        self._next: Fraction | None = None

    def __call__(self, pts: int, duration: int) -> tuple[Fraction, Fraction]:
        """Time and length of a packet, in seconds. `Refused` when its length is unknown."""
        time = pts * self._tick
        length = self._step if self._step is not None else duration * self._tick
        if length <= 0:
            raise Refused("the length of its sound packets is unknown")
        if self._next is not None and abs(time - self._next) <= self._tick:
            time = self._next
        self._next = time + length
        return time, length
