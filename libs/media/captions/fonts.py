"""Which of the installed fonts draws a word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from libs.media.captions.text import invisible

LISTED = ("family", "file", "index", "weight", "slant", "width", "variable", "color", "charset")
"""What `Catalogue.parsed` wants to know of every font, between tabs, a font a line."""
_REGULAR, _ROMAN, _NORMAL = 80, 0, 100
"""fontconfig's numbers for weight, slant and width."""
_PLAIN = ("Liberation Sans", "Noto Sans")
_CJK = {
    "zh": "SC", "zh-tw": "TC", "zh-hant": "TC", "zh-hk": "HK", "zh-mo": "HK", "zh-hant-hk": "HK",
    "zh-hant-mo": "HK", "yue": "HK", "yue-hans": "SC", "ja": "JP", "ko": "KR",
}  # fmt: skip
"""Whose forms of the characters that these writings share; what goes on like a tag has its forms."""
_UNFIT = frozenset(",\\{}\t\r\n")


@dataclass(frozen=True)
class Face:
    """A font in a file: `starts` and `ends` are the code points, from … to …, that it has letters for."""

    family: str
    file: str
    index: int
    starts: tuple[int, ...] = field(repr=False)
    ends: tuple[int, ...] = field(repr=False)

    def has(self, char: str) -> bool:
        at = bisect_right(self.starts, ord(char)) - 1
        return at >= 0 and ord(char) <= self.ends[at]

    def missing(self, letters: Iterable[str]) -> int:
        return sum(not self.has(letter) for letter in letters)


class Catalogue:
    """The regular upright face of every family; there is at least one."""

    def __init__(self, faces: Iterable[Face]) -> None:
        self.faces = {face.family.casefold(): face for face in faces}
        self._chosen: dict[tuple[str, str, frozenset[str]], Face] = {}

    @classmethod
    def parsed(cls, listing: str) -> Catalogue:
        """From lines of `LISTED`."""
        best: dict[str, tuple[float, Face]] = {}
        for line in listing.splitlines():
            fields = line.split("\t")
            if len(fields) != len(LISTED):
                continue
            described = dict(zip(LISTED, fields, strict=True))
            family = described["family"].split(",")[0]
            if not family or _UNFIT & set(family) or "True" in {described["variable"], described["color"]}:
                continue
            off = (
                abs(_number(described["slant"]) - _ROMAN) * 1000
                + abs(_number(described["width"]) - _NORMAL) * 10
                + abs(_number(described["weight"]) - _REGULAR)
            )
            held = best.get(family.casefold())
            if held is None or off < held[0]:
                starts, ends = zip(*_ranges(described["charset"]), strict=True)
                index = int(_number(described["index"]))
                best[family.casefold()] = off, Face(family, described["file"], index, starts, ends)
        return cls(face for _, face in best.values())

    def face(self, family: str) -> Face | None:
        return self.faces.get(family.casefold())

    def chosen(self, text: str, wanted: Face, language: str = "und") -> Face:
        """The face that draws `text`: `wanted` if it has all letters, else one of the plainest of those that
        have most."""
        letters = frozenset(char for char in text if not char.isspace() and not invisible(char))
        if not wanted.missing(letters):
            return wanted
        key = wanted.family, language, letters
        if key not in self._chosen:
            if len(self._chosen) > 20_000:
                self._chosen.clear()
            forms = _forms(letters, language)
            self._chosen[key] = min(
                (wanted, *self.faces.values()),
                key=lambda face: (face.missing(letters), face is not wanted, *_rank(face, forms)),
            )
        return self._chosen[key]


def _rank(face: Face, forms: str) -> tuple[int, int, str]:
    """Plainest first."""
    name = face.family
    if name in _PLAIN:
        return 0, _PLAIN.index(name), name
    if name.startswith("Noto Sans CJK"):
        return 1, not name.endswith(forms), name
    plain = "Sans" in name and not any(word in name for word in ("Mono", "Symbol", "Math", "Display", "UI"))
    return 2 if plain and name.startswith("Noto") else 3 if plain else 4, len(name), name


def _forms(letters: frozenset[str], language: str) -> str:
    parts = language.casefold().split("-")
    for length in range(len(parts), 0, -1):
        if found := _CJK.get("-".join(parts[:length])):
            return found
    if any("\u3040" <= letter <= "\u30ff" for letter in letters):
        return "JP"
    return "KR" if any("\uac00" <= letter <= "\ud7a3" for letter in letters) else "SC"


def _ranges(charset: str) -> Iterator[tuple[int, int]]:
    for part in charset.split() or ["0"]:
        first, _, last = part.partition("-")
        yield int(first, 16), int(last or first, 16)


def _number(text: str) -> float:
    """Of a variable font the first of a range."""
    try:
        return float(text.strip("[]").split()[0])
    except (ValueError, IndexError):
        return 0.0
