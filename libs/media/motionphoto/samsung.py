"""Samsung's trailer: the video as one named block, and behind it a directory of blocks.

    00 00, kind (u16), length of the name (u32), name, data        each block
    "SEFH", version, number of blocks, (00 00, kind, bytes back from "SEFH", size)…, length, "SEFT"

All numbers are little-endian. As doodspav/motionphoto and exiftool's `Samsung.pm` describe it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from libs.contracts.errors import MediaError
from libs.media.motionphoto.data import Data, stands_at

_VERSION = 106
_NAME = b"MotionPhoto_Data"
_KIND = b"\0\0\x30\x0a"
HEADER = _KIND + struct.pack("<I", len(_NAME)) + _NAME
"""What stands before the video."""
_START, _ENTRY, _END = struct.Struct("<4sII"), struct.Struct("<4sII"), struct.Struct("<I4s")
TRAILER_SIZE = _START.size + _ENTRY.size + _END.size
_MAX_BLOCKS = 256
_BROKEN = "Samsung's trailer of the file is damaged."


@dataclass(frozen=True)
class Block:
    """Where the video is."""

    start: int
    end: int


def trailer(video_size: int) -> bytes:
    """What stands behind the video. Raises `MediaError` when it is too large."""
    size = len(HEADER) + video_size
    if size > 0x7FFF_FFFF:
        raise MediaError("The video is too large for a Motion Photo.")
    directory = _START.pack(b"SEFH", _VERSION, 1) + _ENTRY.pack(_KIND, size, size)
    return directory + _END.pack(len(directory), b"SEFT")


def find(data: Data) -> Block | None:
    """The video as the trailer tells it; `None` without a trailer, or one without a video. Raises
    `MediaError`."""
    if len(data) < TRAILER_SIZE or data[-4:] != b"SEFT":
        return None
    length, _ = _END.unpack_from(data, len(data) - _END.size)
    directory = len(data) - _END.size - length
    if directory < 0 or length < _START.size:
        raise MediaError(_BROKEN)
    magic, _, count = _START.unpack_from(data, directory)
    if magic != b"SEFH" or count > _MAX_BLOCKS or _START.size + count * _ENTRY.size > length:
        raise MediaError(_BROKEN)
    for i in range(count):
        kind, back, size = _ENTRY.unpack_from(data, directory + _START.size + i * _ENTRY.size)
        if kind == _KIND:
            return _video(data, directory - back, size, directory)
    return None


def _video(data: Data, start: int, size: int, limit: int) -> Block:
    if start < 0 or size < len(HEADER) or start + size > limit or not stands_at(data, start, HEADER):
        raise MediaError(_BROKEN)
    return Block(start + len(HEADER), start + size)
