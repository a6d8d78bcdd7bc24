"""Facts about the pictures near a moment, read from as little of the file as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from av.packet import Packet

from libs.contracts.errors import MediaError
from libs.media.cut.facts import Fact, Refused
from libs.media.cut.nal import Entry, Leading, classify
from libs.media.cut.source import ATTEMPTS, NO_FRAMES, Media

SEARCHED = ("mpegts",)
"""Formats without an index, where every look for a moment reads from many places."""
LAST_BYTES = 1 << 19
Test = Callable[[Fact], bool]


class TimelessError(Exception):
    """The container of `media` does not say when each picture is shown."""

    def __init__(self, media: Media) -> None:
        super().__init__()
        self.media = media


def scan(media: Media, low: int, accept: Test, enough: Callable[[], Test]) -> list[Fact]:
    """Facts from the last accepted picture shown at or before `low` (or the first accepted of all, when none
    is) until a fresh `enough()` has had enough, or to the end. `MediaError` when there are none, and
    `TimelessError`."""
    target, step = low, max(round(Fraction(1, 2) / media.tick), 1)
    for _ in range(ATTEMPTS):
        at_start = target <= media.earliest
        packets = media.packets(None if at_start else target)
        facts, landed = _collect(media, packets, low, accept, enough(), at_start=at_start)
        if facts:
            return facts
        if at_start:
            break
        target, step = min(landed, target) - 1 - (0 if target == low else step), step * 2
    raise MediaError(NO_FRAMES)


def beginning(media: Media, enough: Test) -> list[Fact]:
    """Facts from the very first one on until `enough` has had enough, or to the end."""
    facts: list[Fact] = []
    for fact in facts_of(media, media.packets(None), at_start=True):
        facts.append(fact)
        if enough(fact):
            break
    return facts


def ending(media: Media, accept: Test) -> list[Fact]:
    """Facts from the last accepted picture of all, or one before it, to the end."""
    end = media.claimed_end
    if media.container.format.name in SEARCHED:
        back = LAST_BYTES
        while back < media.input.size:
            packets = media.packets(None, byte=media.input.size - back)
            facts, _ = _collect(media, packets, end, accept, lambda _: False, at_start=False)
            if facts:
                return facts
            back *= 2
    return scan(media, end, accept, lambda: lambda _: False)


def facts_of(media: Media, packets: Iterator[Packet[Any]], *, at_start: bool) -> Iterator[Fact]:
    """A fact for each packet of the video. `at_start`: they are the first of all."""
    skipping = at_start
    for packet in packets:
        if packet.pts is None:
            raise TimelessError(media)
        entry, leading = _classify(media, packet)
        if entry >= Entry.OPEN:
            skipping = entry is Entry.CLEAN or (skipping and at_start)
            at_start = False
        shown = not packet.is_discard and not (skipping and leading is Leading.SKIPPED)
        yield Fact(packet.pts, packet.duration or 0, packet.is_keyframe, entry, leading, shown)


def _classify(media: Media, packet: Packet[Any]) -> tuple[Entry, Leading]:
    """What a packet is. A malformed one is nothing, but has its time all the same."""
    if not media.smart:
        return (Entry.CLEAN if packet.is_keyframe else Entry.NONE), Leading.NO
    try:
        units = media.units(packet)
    except Refused:
        return Entry.NONE, Leading.NO
    return classify(media.codec, units, key=packet.is_keyframe)


def _collect(
    media: Media, packets: Iterator[Packet[Any]], low: int, accept: Test, enough: Test, *, at_start: bool
) -> tuple[list[Fact], int]:
    """Facts as `scan`; none when the container led us past `low`. And the earliest time met."""
    facts: list[Fact] = []
    landed = low
    for fact in facts_of(media, packets, at_start=at_start):
        landed = min(landed, fact.pts)
        if accept(fact) and (fact.pts <= low or (at_start and not facts)):
            facts = [fact]
        elif facts:
            facts.append(fact)
        elif not at_start and fact.key and fact.pts > low:
            break
        if facts and enough(fact):
            break
    return facts, landed
