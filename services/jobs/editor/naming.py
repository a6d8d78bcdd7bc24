"""Public paths of videos, from hostile file names."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count

_MAX_STEM = 80
_MAX_EXTENSION = 8
_UNNAMED = "video"
_INVISIBLE = frozenset(
    [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10),
     *range(0xE0100, 0xE01F0)]
)  # fmt: skip
"""Letters and marks that show nothing (Unicode's Default_Ignorable_Code_Point)."""


def stem(name: str) -> str:
    """The name of a file without folders and extension, fit for a path: composed (NFC) letters, marks and
    digits of any script, `_` and `-`; everything else is `_`. 1…80 characters."""
    base = name.replace("\\", "/").rpartition("/")[2]
    without = base.rpartition(".")[0] if "." in base else base
    cleaned = "".join(ch if _is_word(ch) else "_" for ch in unicodedata.normalize("NFC", without))
    return cleaned[:_MAX_STEM] if cleaned.strip("_-") else _UNNAMED


def _is_word(ch: str) -> bool:
    return ch in "_-" or (unicodedata.category(ch)[0] in "LMN" and ord(ch) not in _INVISIBLE)


def extension(name: str) -> str:
    """What follows the last dot, in lower case: ASCII letters and digits, at most eight; else empty."""
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    return suffix if suffix.isascii() and suffix.isalnum() and len(suffix) <= _MAX_EXTENSION else ""


def origin_path(stem: str, extension: str, at: datetime) -> str:
    """Where an upload is shown, e.g. `/storage/origin/clip_20240910161824.mkv`; the time is UTC."""
    return f"/storage/origin/{stem}_{_stamp(at)}.{extension}"


def result_path(stem: str, operation: str, extension: str, at: datetime) -> str:
    """Where a result is shown, e.g. `/storage/modi/clip_trim_20240910161824.mkv`; the time is UTC."""
    return f"/storage/modi/{stem}_{operation}_{_stamp(at)}.{extension}"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def variants(path: str) -> Iterator[str]:
    """The path itself, then with `_2`, `_3` … before its extension."""
    start, _, end = path.rpartition(".")
    yield path
    for number in count(2):
        yield f"{start}_{number}.{end}"


def distinct(paths: Sequence[str], taken: Collection[str]) -> list[str]:
    """Paths in the given order, each made different from all others and from those taken."""
    used, chosen = set(taken), []
    rests: dict[str, Iterator[str]] = {}
    for path in paths:
        rest = rests.setdefault(path, variants(path))
        free = next(each for each in rest if each not in used)
        used.add(free)
        chosen.append(free)
    return chosen
