"""What the EXIF of a Motion Photo says of its picture. Exif 2.32 (CIPA DC-008)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from libs.contracts.errors import MediaError
from libs.media.motionphoto import tiff
from libs.media.motionphoto.jpeg import EXIF

MAX_THUMBNAIL = 60_000
"""Bytes; a segment holds little more."""

_ORIENTATION, _DATE_TIME, _EXIF_IFD = 0x0112, 0x0132, 0x8769
_THUMBNAIL_AT, _THUMBNAIL_SIZE = 0x0201, 0x0202
_TAKEN, _DIGITIZED = 0x9003, 0x9004
_OFFSET, _OFFSET_TAKEN, _OFFSET_DIGITIZED = 0x9010, 0x9011, 0x9012
_XIAOMI = 0x8897
"""Xiaomi's gallery plays a picture where this byte is 1."""

_RESOLUTION = (tiff.rational(0x011A, 72), tiff.rational(0x011B, 72), tiff.short(0x0128, 2))
_JPEG_THUMBNAIL = tiff.short(0x0103, 6)
_TIME = re.compile(rb"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(rb"([+-])(\d\d):(\d\d)")


@dataclass(frozen=True)
class Exif:
    orientation: int = 1
    taken_at: datetime | None = None
    thumbnail: bytes | None = None
    xiaomi: bool = False


def build(
    width: int, height: int, taken_at: datetime | None, thumbnail: bytes | None, *, xiaomi: bool
) -> bytes:
    """The body of the segment. A time without a zone is UTC. Raises `MediaError` when the thumbnail does not
    fit."""
    if thumbnail is not None and len(thumbnail) > MAX_THUMBNAIL:
        raise MediaError(f"The thumbnail is larger than {MAX_THUMBNAIL:,} bytes.")
    at, zone = _stamp(taken_at) if taken_at else ("", "")
    image = [
        tiff.short(_ORIENTATION, 1),
        *_RESOLUTION,
        tiff.ascii_text(0x0131, "Reelbus"),
        *([tiff.ascii_text(_DATE_TIME, at)] if at else []),
        tiff.short(0x0213, 1),  # chroma is sited in the middle, as JFIF has it
        tiff.long(_EXIF_IFD, 0),
    ]
    photo = [
        *([tiff.byte(_XIAOMI, 1)] if xiaomi else []),
        tiff.undefined(0x9000, b"0232"),
        *([tiff.ascii_text(tag, at) for tag in (_TAKEN, _DIGITIZED)] if at else []),
        *([tiff.ascii_text(tag, zone) for tag in (_OFFSET, _OFFSET_TAKEN, _OFFSET_DIGITIZED)] if at else []),
        tiff.undefined(0x9101, b"\1\2\3\0"),  # Y, Cb, Cr
        tiff.undefined(0xA000, b"0100"),
        tiff.short(0xA001, 1),  # sRGB
        tiff.long(0xA002, width),
        tiff.long(0xA003, height),
    ]
    photo_at = len(tiff.HEADER) + tiff.size_of(image)
    small_at = photo_at + tiff.size_of(photo)
    image[-1] = tiff.long(_EXIF_IFD, photo_at)
    return b"".join(
        (
            EXIF,
            tiff.HEADER,
            tiff.directory(image, len(tiff.HEADER), small_at if thumbnail else 0),
            tiff.directory(photo, photo_at),
            _small(small_at, thumbnail) if thumbnail else b"",
        )
    )


def parse(data: bytes) -> Exif:
    """`data` is what follows the identifier in the segment. Raises `MediaError`."""
    reader = tiff.Reader(data)
    image, following = reader.directory(reader.first())
    pointer = reader.number(image.get(_EXIF_IFD))
    photo = reader.directory(pointer)[0] if pointer else {}
    orientation = reader.number(image.get(_ORIENTATION)) or 1
    return Exif(
        orientation=orientation if orientation in range(1, 9) else 1,
        taken_at=_time(reader.text(photo.get(_TAKEN)), reader.text(photo.get(_OFFSET_TAKEN))),
        thumbnail=_thumbnail(reader, following) if following else None,
        xiaomi=reader.number(photo.get(_XIAOMI)) == 1,
    )


def _small(at: int, thumbnail: bytes) -> bytes:
    fields = [
        _JPEG_THUMBNAIL,
        *_RESOLUTION,
        tiff.long(_THUMBNAIL_AT, 0),
        tiff.long(_THUMBNAIL_SIZE, len(thumbnail)),
    ]
    fields[-2] = tiff.long(_THUMBNAIL_AT, at + tiff.size_of(fields))
    return tiff.directory(fields, at) + thumbnail


def _thumbnail(reader: tiff.Reader, at: int) -> bytes | None:
    small, _ = reader.directory(at)
    start, size = (reader.number(small.get(tag)) for tag in (_THUMBNAIL_AT, _THUMBNAIL_SIZE))
    return reader.bytes_at(start, size) if start and size else None


def _stamp(at: datetime) -> tuple[str, str]:
    """The time and its zone as EXIF writes them: `2026:01:31 23:59:58`, `+01:00`."""
    zone = at.utcoffset()
    if zone is None:
        at = at.replace(tzinfo=UTC)
    elif zone % timedelta(minutes=1):
        at = at.astimezone(UTC)
    text = at.isoformat(sep=" ", timespec="seconds")
    return text[:19].replace("-", ":"), text[19:]


def _time(text: bytes, zone: bytes) -> datetime | None:
    """`None` as well for a time that is nowhere, or whose zone is not said."""
    at, offset = _TIME.match(text), _ZONE.match(zone)
    if at is None or offset is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in at.groups())
    away = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    try:
        zoned = timezone(-away if offset[1] == b"-" else away)
        return datetime(year, month, day, hour, minute, second, tzinfo=zoned)
    except ValueError:
        return None
