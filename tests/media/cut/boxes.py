"""How long the pictures of an MP4 last, by its own header. ffprobe tells decoding times, which end elsewhere
when frames are of different lengths."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction


def video_duration(data: bytes) -> Fraction | None:
    """Seconds of the (first) video track, edit list applied (ISO/IEC 14496-12, 8.3.2); `None` when the
    header says nothing, as in fragments."""
    moov = next(body for kind, body in _boxes(data) if kind == b"moov")
    [header] = [body for kind, body in _boxes(moov) if kind == b"mvhd"]
    timescale = struct.unpack_from(">I", header, 20 if header[0] else 12)[0]
    for kind, track in _boxes(moov):
        if kind == b"trak" and b"vide" in _find(track, b"mdia", b"hdlr"):
            track_header = _find(track, b"tkhd")
            long = track_header[0] == 1
            duration = struct.unpack_from(">Q" if long else ">I", track_header, 28 if long else 20)[0]
            return Fraction(duration, timescale) or None
    return None


def _find(data: bytes, *path: bytes) -> bytes:
    for name in path:
        data = next(body for kind, body in _boxes(data) if kind == name)
    return data


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        size = size or len(data) - at
        yield kind, data[at + head : at + size]
        at += size
