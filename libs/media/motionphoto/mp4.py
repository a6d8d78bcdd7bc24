"""MP4 as far as a Motion Photo needs to know it. ISO/IEC 14496-12."""

from __future__ import annotations

from libs.contracts.errors import MediaError
from libs.media.motionphoto.data import Data

BRANDS = (b"isom", b"mp42")
"""Readers look for the start of the video by these."""
_MAX_BOXES = 4_096


def major_brand(data: Data, start: int, end: int) -> bytes:
    """Of the MP4 from `start` to `end`, whose boxes are checked to fill that exactly. Raises `MediaError`."""
    if data[start + 4 : start + 8] != b"ftyp" or end - start < 16:
        raise MediaError("The video is not an MP4.")
    at, kinds = start, set()
    for _ in range(_MAX_BOXES):
        if at == end:
            break
        kinds.add(data[at + 4 : at + 8])
        at = _behind(data, at, end)
    else:
        raise MediaError("The video has too many boxes.")
    if not {b"moov", b"mdat"} <= kinds:
        raise MediaError("The video is an MP4 without any pictures.")
    return data[start + 8 : start + 12]


def _behind(data: Data, at: int, end: int) -> int:
    """Where the box at `at` ends."""
    size, least = int.from_bytes(data[at : at + 4], "big"), 8
    if size == 1:
        size, least = int.from_bytes(data[at + 8 : at + 16], "big"), 16
    elif size == 0:
        size = end - at
    if size < least or at + size > end:
        raise MediaError("The video is cut off or damaged.")
    return at + size
