"""The pictures of one part of a source: packets go in as they are read, those to be written come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from av.packet import Packet
from av.video.frame import VideoFrame

from libs.media.cut.encode import DOLBY_VISION, Recipe, Wanted, encoded, flushed
from libs.media.cut.facts import Refused
from libs.media.cut.nal import Entry, classify, hdr_messages, split, unit_type
from libs.media.cut.plan import Copied, Encoded, Part
from libs.media.cut.sets import Packing, Sets
from libs.media.cut.source import Media


@dataclass(frozen=True)
class Picture:
    """A packet to write: `pts` and `duration` in ticks of the source; `units` are none in formats that are
    not understood. `key` is for the container, `entry` is the truth. `original` is set where it is copied,
    and is written itself when `untouched`."""

    pts: int
    duration: int
    key: bool
    entry: Entry
    units: Sequence[bytes] | None
    original: Packet[Any] | None = None
    untouched: bool = False


@dataclass(frozen=True)
class Look:
    """A picture of the source as it was decoded, to be compared with what was written; `exact`: that must
    be the same bit for bit."""

    pts: int
    frame: VideoFrame
    exact: bool = False

    @property
    def size(self) -> int:
        return sum(plane.buffer_size for plane in self.frame.planes)


class Edge:
    """Decodes and encodes the pictures of one `Encoded`."""

    def __init__(self, plan: Encoded, recipe: Recipe, packing: Packing, sets: Sets) -> None:
        self._plan, self._packing, self._sets = plan, packing, sets
        self._codec = recipe.media.codec
        self._media = recipe.media
        self._wanted = Wanted(recipe.media, plan.frames, plan.last)
        self._encoder = recipe.encoder()
        self._durations = {a: b - a for a, b in pairwise((*plan.frames, plan.until))}
        self._kept = {plan.frames[0], plan.frames[len(plan.frames) // 2], plan.frames[-1]}
        self._messages: list[bytes] = []
        self._begun = False
        self.looks: list[Look] = []
        self.count = 0

    @property
    def done(self) -> bool:
        return self._wanted.done

    def feed(self, packet: Packet[Any]) -> Iterator[Picture]:
        """What there is to write after `packet`. Those before the entry are no matter."""
        if not self._begun and packet.pts == self._plan.entry:
            self._begin(self._media.units(packet))
        if not self._begun or self.done:
            return
        for made in encoded(self._encoder, self._keep(self._wanted.feed(packet))):
            yield self._picture(made)
        if self.done:
            yield from map(self._picture, flushed(self._encoder))
            if self.count != len(self._plan.frames):
                raise Refused("some of its pictures could not be encoded")

    def _begin(self, units: list[bytes]) -> None:
        self._begun = True
        if self._codec == "hevc":
            self._messages = hdr_messages(units)
            if any(unit_type(self._codec, unit) in DOLBY_VISION for unit in units):
                raise Refused("it is Dolby Vision")

    def _keep(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        for frame in frames:
            if frame.pts in self._kept:
                self.looks.append(Look(frame.pts, frame))
            yield frame
        if self.done and (before := self._wanted.before) and before.pts is not None:
            self.looks.append(Look(before.pts, before, exact=True))

    def _picture(self, made: Packet[Any]) -> Picture:
        if made.pts is None or made.pts not in self._durations:
            raise Refused("some of its pictures could not be encoded")
        units = split(bytes(made), 0)
        if made.is_keyframe:
            units = [*self._messages, *units]
        self.count += 1
        units = self._packing.pack(units, self._sets, entry=made.is_keyframe)
        entry = Entry.CLEAN if made.is_keyframe else Entry.NONE
        return Picture(made.pts, self._durations[made.pts], made.is_keyframe, entry, units)


class Copy:
    """Passes on the packets of one `Copied`. `joined`: other pictures are before it in the result."""

    def __init__(self, plan: Copied, media: Media, packing: Packing, *, joined: bool) -> None:
        self._plan, self._media, self._packing = plan, media, packing
        self._broken = joined and plan.opened
        self._running = False
        self.done = False
        self.looks: list[Look] = []

    def feed(self, packet: Packet[Any]) -> Iterator[Picture]:
        plan = self._plan
        assert packet.pts is not None
        if not self._running:
            self._running = packet.pts == plan.first and not self.done
        elif packet.pts == plan.stop:
            self._running, self.done = False, True
        if not self._running or packet.pts < plan.first:
            return
        if packet.is_discard or packet.pts >= plan.until or packet.has_sidedata("new_extradata"):
            raise Refused("its pictures are in a strange order")
        yield self._picture(packet, packet.pts)

    def end(self) -> None:
        """There are no more packets."""
        if self._running and self._plan.stop is None:
            self._running, self.done = False, True

    def _picture(self, packet: Packet[Any], pts: int) -> Picture:
        longest = self._plan.until - pts
        duration = min(packet.duration or self._media.frame, longest)
        if pts == self._plan.newest:
            duration = longest
        key, entry = packet.is_keyframe, Entry.CLEAN if packet.is_keyframe else Entry.NONE
        units = self._media.units(packet) if self._media.smart else None
        if units is not None:
            entry = classify(self._media.codec, units, key=key)[0]
        if units is None or self._packing.untouched:
            return Picture(pts, duration, key, entry, units, packet, untouched=True)
        if not self.looks:
            self.looks += _alone(self._media, packet)
        broken = self._broken and pts == self._plan.first
        units = self._packing.pack(units, self._media.config.sets, entry=entry >= Entry.OPEN, broken=broken)
        return Picture(pts, duration, key and entry is not Entry.NONE, entry, units, packet)


def _alone(media: Media, packet: Packet[Any]) -> list[Look]:
    """The picture of a packet where decoding can begin."""
    wanted = Wanted(media, [packet.pts or 0], packet.pts or 0)
    return [Look(frame.pts or 0, frame, exact=True) for frame in wanted.feed(packet)]


class Pictures:
    """All of one part: head, copied packets and tail, in the order of the result."""

    def __init__(
        self, part: Part, media: Media, recipe: Recipe | None, packing: Packing, sets: Sets, *, joined: bool
    ) -> None:
        self.part = part
        made = [
            Edge(plan, recipe, packing, sets) if plan and recipe else None for plan in (part.head, part.tail)
        ]
        self.head, self.tail = made
        self.copy = None
        if part.copied:
            copy_joined = joined or part.head is not None
            self.copy = Copy(part.copied, media, packing, joined=copy_joined)
        self._held: list[Picture] = []

    @property
    def done(self) -> bool:
        return all(piece is None or piece.done for piece in (self.head, self.copy, self.tail))

    @property
    def looks(self) -> list[Look]:
        """What is to be compared. The picture before a head is not in the result."""
        part, copied = self.part, self.copy.looks if self.copy else []
        edges = [look for edge in (self.head, self.tail) if edge for look in edge.looks]
        first = part.copied.first if part.copied else part.start
        return [*copied, *(look for look in edges if not look.exact or first <= look.pts < part.end)]

    def feed(self, packet: Packet[Any]) -> Iterator[Picture]:
        """What there is to write after `packet` of the video. Copied packets wait for the head."""
        if self.head:
            yield from self.head.feed(packet)
        if self.copy:
            self._held += self.copy.feed(packet)
        if self.head is None or self.head.done:
            yield from self._held
            self._held = []
        if self.tail:
            for picture in self.tail.feed(packet):
                if self._held or (self.copy and not self.copy.done):
                    raise Refused("its pictures are in a strange order")
                yield picture

    def end(self) -> None:
        """There are no more packets; `Refused` when some are missing."""
        if self.copy:
            self.copy.end()
        if not self.done:
            raise Refused("some of its pictures are missing")
