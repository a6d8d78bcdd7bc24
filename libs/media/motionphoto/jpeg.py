"""JPEG pictures as marker segments. ITU-T T.81, annex B."""

from __future__ import annotations

import re
from dataclasses import dataclass

from libs.contracts.errors import MediaError
from libs.media.motionphoto.data import Data, stands_at

SOI, EOI, SOS = b"\xff\xd8", 0xD9, 0xDA
APP0, APP1, APP2, COMMENT = 0xE0, 0xE1, 0xE2, 0xFE
EXIF, XMP, MPF = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0"
MAX_BODY = 65_533
"""Bytes that a segment can hold."""

_FRAMES = range(0xC0, 0xC3)
"""Start of frame: baseline, extended, progressive; Huffman coded all three."""
_OTHER_FRAMES = {*range(0xC3, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_MAX_SEGMENTS = 2_000
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)


@dataclass(frozen=True)
class Segment:
    """`start` is where its marker is, `body` what its length counts without the length itself."""

    marker: int
    start: int
    body: bytes

    def is_app(self, marker: int, identifier: bytes) -> bool:
        return self.marker == marker and self.body.startswith(identifier)


@dataclass(frozen=True)
class Picture:
    """`segments` are those before the first scan, which begins at `scan`; `end` is behind the last byte."""

    width: int
    height: int
    segments: tuple[Segment, ...]
    scan: int
    end: int

    def app(self, marker: int, identifier: bytes) -> bytes | None:
        """What follows `identifier` in the first such segment."""
        for segment in self.segments:
            if segment.is_app(marker, identifier):
                return segment.body[len(identifier) :]
        return None


def parse(data: Data) -> Picture:
    """The picture at the start of `data`, whatever follows it. Takes time for the picture alone. Raises
    `MediaError`."""
    if not stands_at(data, 0, SOI):
        raise MediaError("This is not a JPEG picture.")
    segments: list[Segment] = []
    scan, at = 0, len(SOI)
    for _ in range(_MAX_SEGMENTS):
        marker, at = _marker(data, at)
        if marker == EOI:
            width, height = _size(segments)
            if not scan:
                raise MediaError("The JPEG picture is empty.")
            return Picture(width, height, tuple(segments), scan, at)
        if marker in _ALONE:
            continue
        segment = _segment(data, marker, at)
        at += 2 + len(segment.body)
        if marker == SOS:
            scan = scan or segment.start
            at = _behind_scan(data, at)
        elif not scan:
            segments.append(segment)
    raise MediaError("The JPEG picture has too many segments.")


def segment(marker: int, body: bytes) -> bytes:
    """Raises `MediaError` when `body` is too large."""
    if len(body) > MAX_BODY:
        raise MediaError(f"{len(body):,} bytes do not fit into a segment of a JPEG.")
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _marker(data: Data, at: int) -> tuple[int, int]:
    """The marker at `at` and where it ends. Fill bytes are allowed before it."""
    start = at
    while data[at : at + 1] == b"\xff" and at - start <= MAX_BODY:
        at += 1
    if at == start or at >= len(data) or data[at] in (0x00, 0xFF):
        raise MediaError("The JPEG picture is cut off or damaged.")
    return data[at], at + 1


def _segment(data: Data, marker: int, at: int) -> Segment:
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2 or at + length > len(data):
        raise MediaError("The JPEG picture is cut off or damaged.")
    return Segment(marker, at - 2, data[at + 2 : at + length])


def _behind_scan(data: Data, at: int) -> int:
    found = _MARKER_IN_SCAN.search(data, at)
    if found is None:
        raise MediaError("The JPEG picture is cut off.")
    return found.start()


def _size(segments: list[Segment]) -> tuple[int, int]:
    for each in segments:
        if each.marker in _OTHER_FRAMES:
            raise MediaError("This kind of JPEG is not supported.")
        if each.marker in _FRAMES and len(each.body) >= 6:
            height, width = (int.from_bytes(each.body[i : i + 2], "big") for i in (1, 3))
            if width and height:
                return width, height
    raise MediaError("The JPEG picture does not say how large it is.")
