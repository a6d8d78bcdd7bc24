"""What was written, kept to be compared with what is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from libs.media.cut.nal import Entry, is_delimiter, is_set
from libs.media.cut.pictures import Look, Picture
from libs.media.cut.tracks import Heard

AFTER = 12
"""Pictures after a seam that are looked at."""
MOST_KEPT = 256 << 20
"""Bytes of decoded pictures that are kept to be compared."""


@dataclass
class Sound:
    """A track: samples a second, and where its first and its last packet begin."""

    rate: int
    first: int
    last: int


@dataclass
class Planned:
    """A result. `shown` are the times of its packets in the order of the stream and `end` that of the end,
    in ticks; `entries` are those packets, by their numbers, where decoding can begin, `seams` those where
    something else begins, `spans` first and last numbers of what was encoded. `codec` is empty when units are
    unknown."""

    codec: str
    tick: Fraction
    shown: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    entries: dict[int, Entry] = field(default_factory=dict)
    seams: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    looks: dict[int, Look] = field(default_factory=dict)
    sounds: dict[int, Sound] = field(default_factory=dict)
    end: int = 0
    copied: int = 0
    encoded: int = 0
    kept: int = 0

    def show(self, picture: Picture, pts: int, *, seam: bool) -> None:
        """`picture` was written next, at `pts`; `seam`: it is of another origin than the one before."""
        number = len(self.shown)
        made = picture.original is None
        if seam:
            self.seams.append(number)
        if picture.entry is not Entry.NONE:
            self.entries[number] = picture.entry
        if made:
            first = number if seam or not self.spans else self.spans.pop()[0]
            self.spans.append((first, number))
        self.encoded, self.copied = self.encoded + made, self.copied + (not made)
        if picture.units is not None:
            self.digests.append(digest(self.codec, picture.units))
        self.shown.append(pts)

    def hear(self, number: int, rate: int, heard: Heard) -> None:
        sound = self.sounds.setdefault(number, Sound(rate, heard.pts, heard.pts))
        sound.last = heard.pts

    def look(self, pts: int, look: Look) -> None:
        """The picture shown at `pts` as it was in the source."""
        self.kept += look.size
        if self.kept <= MOST_KEPT:
            self.looks[pts] = look

    def regions(self) -> list[tuple[int, int]]:
        """First and last numbers of the packets to decode: around every seam, from a key on."""
        wanted = [(0, AFTER), *((seam - 1, seam + AFTER) for seam in self.seams if seam)]
        wanted += [(first, last) for first, last in self.spans]
        found: list[tuple[int, int]] = []
        for first, last in sorted(wanted):
            start = max((entry for entry in self.entries if entry <= max(first, 0)), default=0)
            stop = min(last, len(self.shown) - 1)
            if found and start <= found[-1][1] + 1:
                found[-1] = (found[-1][0], max(found[-1][1], stop))
            else:
                found.append((start, stop))
        return found


def digest(codec: str, units: Iterable[bytes]) -> bytes:
    """Of what is a picture's own in a packet."""
    kept = hashlib.blake2b(digest_size=8)
    for unit in units:
        if not is_set(codec, unit) and not is_delimiter(codec, unit):
            kept.update(len(unit).to_bytes(4, "big"))
            kept.update(unit)
    return kept.digest()
