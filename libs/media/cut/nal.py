"""Network abstraction layer units of H.264 and HEVC: enough to know what a packet is, and to repack it.

ITU-T H.264 and H.265, sections 7.3 and 7.4; ISO/IEC 14496-15 for the configuration records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

START_CODE = b"\0\0\0\1"
H264_SETS, HEVC_SETS = (7, 8), (32, 33, 34)
H264_DELIMITER, HEVC_DELIMITER = 9, 35
HEVC_BLA_N_LP, HEVC_CRA = 18, 21
_H264_SEI, _HEVC_SEI = 6, 39
_RECOVERY_POINT = 6
_HDR = {137, 144, 147}
"""SEI messages that tell of a whole video: mastering display, light level, alternative transfer."""


class Entry(IntEnum):
    """How decoding can begin at a picture. Higher is better."""

    NONE = 0
    RECOVERY = 1  # it gives right pictures from here on, but a stream cannot be joined here
    OPEN = 2  # so it can, once the pictures are gone that follow it here and are shown before it (CRA)
    CLEAN = 3


class Leading(IntEnum):
    """Whether a picture is shown before the entry that it follows in the stream (HEVC only)."""

    NO = 0
    DECODABLE = 1
    SKIPPED = 2  # it needs what was before the entry


@dataclass(frozen=True)
class Config:
    """A configuration record: `sets` in their order; `length_size` 0 means start codes (Annex B)."""

    sets: tuple[bytes, ...]
    length_size: int


def split(data: bytes, length_size: int) -> list[bytes]:
    """The units of a packet. `ValueError` when it is malformed."""
    return _annex_b(data) if length_size == 0 else _prefixed(data, length_size)


def join(units: Iterable[bytes], length_size: int = 0) -> bytes:
    """The packet of `units`, behind start codes or lengths."""
    if length_size == 0:
        return b"".join(START_CODE + unit for unit in units)
    return b"".join(len(unit).to_bytes(length_size, "big") + unit for unit in units)


def unit_type(codec: str, unit: bytes) -> int:
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def is_set(codec: str, unit: bytes) -> bool:
    """Whether it is a parameter set."""
    return unit_type(codec, unit) in (H264_SETS if codec == "h264" else HEVC_SETS)


def is_delimiter(codec: str, unit: bytes) -> bool:
    return unit_type(codec, unit) == (H264_DELIMITER if codec == "h264" else HEVC_DELIMITER)


def set_key(codec: str, unit: bytes) -> tuple[int, int]:
    """Kind and id of a parameter set, by which a later one replaces it. All of HEVC's count as id 0: their
    ids are far into them, and encoders use no other."""
    if codec != "h264":
        return unit_type(codec, unit), 0
    skipped = 4 if unit_type(codec, unit) == H264_SETS[0] else 1
    return unit_type(codec, unit), _Bits(unescape(unit[skipped : skipped + 16])).ue()


def classify(codec: str, units: Iterable[bytes], *, key: bool) -> tuple[Entry, Leading]:
    """What the picture of `units` is. `key` is the container's word, which alone is not trusted."""
    recovery = False
    for unit in units:
        kind = unit_type(codec, unit)
        if codec == "h264":
            if kind == 5:
                return Entry.CLEAN, Leading.NO
            if 1 <= kind <= 4:
                return (Entry.RECOVERY if recovery else Entry.NONE), Leading.NO
            recovery = recovery or (key and kind == _H264_SEI and _recovers(unit))
        elif kind <= 31:
            return _hevc(kind)
    return Entry.NONE, Leading.NO


def as_broken_link(unit: bytes) -> bytes:
    """A CRA picture's unit as BLA_N_LP: it begins a new sequence, and no leading pictures follow. Both have
    the same slice header (H.265, 7.3.6.1). Other units stay as they are."""
    if unit[0] >> 1 & 63 != HEVC_CRA:
        return unit
    return bytes([unit[0] & 0x81 | HEVC_BLA_N_LP << 1]) + unit[1:]


def hdr_messages(units: Iterable[bytes]) -> list[bytes]:
    """The HEVC SEI units about mastering display and light levels."""
    return [u for u in units if unit_type("hevc", u) == _HEVC_SEI and _sei_kinds(u, 2) & _HDR]


def parse_config(codec: str, extradata: bytes | None) -> Config:
    """Of avcC, hvcC or Annex B extradata; no sets when there is none."""
    if not extradata:
        return Config((), 0)
    if extradata.startswith((b"\0\0\1", START_CODE)):
        units = _annex_b(extradata)
        return Config(tuple(unit for unit in units if is_set(codec, unit)), 0)
    try:
        return _avcc(extradata) if codec == "h264" else _hvcc(extradata)
    except IndexError as error:
        raise ValueError("a broken configuration record") from error


def unescape(unit: bytes) -> bytes:
    """Without emulation prevention bytes."""
    return unit.replace(b"\0\0\3", b"\0\0")


def _prefixed(data: bytes, size: int) -> list[bytes]:
    units, at, end = [], 0, len(data)
    while at + size < end:
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        if length == 0 or at + length > end:
            raise ValueError("a broken packet")
        units.append(data[at : at + length])
        at += length
    return units


def _annex_b(data: bytes) -> list[bytes]:
    units, at = [], data.find(b"\0\0\1")
    while at >= 0:
        after = data.find(b"\0\0\1", at + 3)
        unit = data[at + 3 : after if after >= 0 else len(data)].rstrip(b"\0")
        if unit:
            units.append(unit)
        at = after
    return units


def _avcc(record: bytes) -> Config:
    units, at = [], 5
    for mask in (31, 255):
        count, at = record[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            units.append(record[at + 2 : at + 2 + length])
            at += 2 + length
    return Config(tuple(unit for unit in units if unit), (record[4] & 3) + 1)


def _hvcc(record: bytes) -> Config:
    units, at = [], 23
    for _ in range(record[22]):
        count, at = int.from_bytes(record[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            length = int.from_bytes(record[at : at + 2], "big")
            units.append(record[at + 2 : at + 2 + length])
            at += 2 + length
    sets = tuple(unit for unit in units if unit and is_set("hevc", unit))
    return Config(sets, (record[21] & 3) + 1)


def _hevc(kind: int) -> tuple[Entry, Leading]:
    if kind in (6, 7):
        return Entry.NONE, Leading.DECODABLE
    if kind in (8, 9):
        return Entry.NONE, Leading.SKIPPED
    if 16 <= kind <= 20:
        return Entry.CLEAN, Leading.NO
    return (Entry.OPEN if kind == HEVC_CRA else Entry.NONE), Leading.NO


def _recovers(sei: bytes) -> bool:
    """Whether an H.264 SEI unit promises exact pictures from here on, at once."""
    for kind, payload in _sei(sei, 1):
        if kind == _RECOVERY_POINT:
            bits = _Bits(payload)
            return bits.ue() == 0 and bits.read(1) == 1
    return False


def _sei_kinds(unit: bytes, header: int) -> set[int]:
    return {kind for kind, _ in _sei(unit, header)}


def _sei(unit: bytes, header: int) -> list[tuple[int, bytes]]:
    data, at = unescape(unit[header:]), 0
    messages: list[tuple[int, bytes]] = []
    while at + 2 < len(data):
        numbers = []
        for _ in range(2):
            value = 0
            while at < len(data) and data[at] == 255:
                value, at = value + 255, at + 1
            if at >= len(data):
                return messages
            numbers.append(value + data[at])
            at += 1
        messages.append((numbers[0], data[at : at + numbers[1]]))
        at += numbers[1]
    return messages


class _Bits:
    """A bit reader; past the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data[:64])
        self._at = 0

    def read(self, count: int) -> int:
        taken = self._bits[self._at : self._at + count].ljust(count, "0")
        self._at += count
        return int(taken, 2)

    def ue(self) -> int:
        """Exp-Golomb (H.264, 9.1)."""
        zeros = 0
        while zeros < 32 and self._at < len(self._bits) and self.read(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + (self.read(zeros) if zeros else 0)
