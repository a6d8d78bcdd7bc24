"""Directories of fields in EXIF. TIFF 6.0, section 2; values are little-endian where written."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from libs.contracts.errors import MediaError

HEADER = b"II*\0" + struct.pack("<I", 8)
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_BROKEN = "The EXIF of the picture is damaged."


@dataclass(frozen=True)
class Field:
    tag: int
    kind: int
    count: int
    value: bytes


def byte(tag: int, value: int) -> Field:
    return Field(tag, _BYTE, 1, bytes((value,)))


def ascii_text(tag: int, text: str) -> Field:
    value = text.encode("ascii") + b"\0"
    return Field(tag, _ASCII, len(value), value)


def short(tag: int, value: int) -> Field:
    return Field(tag, _SHORT, 1, struct.pack("<H", value))


def long(tag: int, value: int) -> Field:
    return Field(tag, _LONG, 1, struct.pack("<I", value))


def rational(tag: int, numerator: int, denominator: int = 1) -> Field:
    return Field(tag, _RATIONAL, 1, struct.pack("<II", numerator, denominator))


def undefined(tag: int, value: bytes) -> Field:
    return Field(tag, _UNDEFINED, len(value), value)


def size_of(fields: Sequence[Field]) -> int:
    """Bytes of the directory with its values."""
    return 6 + 12 * len(fields) + sum(len(_even(each.value)) for each in fields if len(each.value) > 4)


def directory(fields: Sequence[Field], at: int, following: int = 0) -> bytes:
    """The directory as it stands at the offset `at`, before the one at `following` (0: it is the last)."""
    values_at = at + 6 + 12 * len(fields)
    entries, values = b"", b""
    for each in sorted(fields, key=lambda field: field.tag):
        if len(each.value) > 4:
            inline = struct.pack("<I", values_at + len(values))
            values += _even(each.value)
        else:
            inline = each.value.ljust(4, b"\0")
        entries += struct.pack("<HHI", each.tag, each.kind, each.count) + inline
    return struct.pack("<H", len(fields)) + entries + struct.pack("<I", following) + values


def _even(value: bytes) -> bytes:
    return value + b"\0" * (len(value) % 2)


@dataclass(frozen=True)
class Entry:
    """A field that is read when asked for: `at` is where its value stands."""

    kind: int
    count: int
    at: int


class Reader:
    """Raises `MediaError` for whatever is not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4], "")
        if not self._order:
            raise MediaError(_BROKEN)

    def first(self) -> int:
        """The offset of the first directory."""
        return self._unpack("I", 4)

    def directory(self, at: int) -> tuple[dict[int, Entry], int]:
        """Entries by their tags, and the offset of the next directory (0: there is none)."""
        count = self._unpack("H", at)
        entries = dict(self._entry(at + 2 + 12 * i) for i in range(count))
        return entries, self._unpack("I", at + 2 + 12 * count)

    def number(self, entry: Entry | None) -> int | None:
        """The first value of an integer field."""
        letter = {_BYTE: "B", _SHORT: "H", _LONG: "I"}.get(entry.kind) if entry and entry.count else None
        return self._unpack(letter, entry.at) if entry and letter else None

    def text(self, entry: Entry | None) -> bytes:
        return self.bytes_at(entry.at, entry.count) if entry and entry.kind == _ASCII else b""

    def bytes_at(self, at: int, size: int) -> bytes:
        if at + size > len(self._data):
            raise MediaError(_BROKEN)
        return self._data[at : at + size]

    def _entry(self, at: int) -> tuple[int, Entry]:
        tag, kind, count = (self._unpack(letter, at + i) for letter, i in (("H", 0), ("H", 2), ("I", 4)))
        inline = count * _WIDTHS.get(kind, 1) <= 4
        return tag, Entry(kind, count, at + 8 if inline else self._unpack("I", at + 8))

    def _unpack(self, letter: str, at: int) -> int:
        try:
            return int(struct.unpack_from(self._order + letter, self._data, at)[0])
        except struct.error as error:
            raise MediaError(_BROKEN) from error
