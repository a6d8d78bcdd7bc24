"""How large text is when libass draws it.

libass makes a font so large that the ascent and descent of its OS/2 table (`usWinAscent`, `usWinDescent`;
those of `hhea` without them) together are the font size, as Windows does (`set_font_metrics` and
`ass_face_set_size` in libass/ass_font.c), and puts lines that far apart. Nothing is hinted, so that every
length is proportional to the font size: lengths here are of text of size 1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz as hb

from libs.media.captions.fonts import Face

_SLACK = 0.01
"""What is added around the ink of a glyph: curves are flattened, pixels are whole."""


@dataclass(frozen=True, slots=True)
class Extent:
    """`advance` is how far text moves on; `over` the farthest that its ink reaches out of that, at either
    side; `above` and `below` the base line its line reaches, `ink_above` and `ink_below` its ink."""

    advance: float
    over: float
    above: float
    below: float
    ink_above: float
    ink_below: float

    def times(self, factor: float) -> Extent:
        """Of the same text in a font that is `factor` times as large."""
        if factor == 1:
            return self
        return Extent(*(getattr(self, name) * factor for name in self.__slots__))


@dataclass(frozen=True)
class _Loaded:
    font: hb.Font
    above: float
    below: float
    unit: float


@lru_cache(maxsize=65536)
def extent(text: str, face: Face) -> Extent:
    """Of `text` in one direction and writing."""
    loaded = _loaded(face.file, face.index)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(loaded.font, buffer, {"kern": True, "liga": True})
    at, left, right, top, bottom = 0.0, 0.0, 0.0, 0.0, 0.0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        ink = loaded.font.get_glyph_extents(info.codepoint)
        if ink is not None and ink.width:
            x, y = at + position.x_offset + ink.x_bearing, position.y_offset + ink.y_bearing
            left, right = min(left, x), max(right, x + ink.width)
            top, bottom = max(top, y), min(bottom, y + ink.height)
        at += position.x_advance
    over = max(-left, right - at, 0.0)
    return Extent(
        advance=at * loaded.unit,
        over=over * loaded.unit + _SLACK,
        above=loaded.above,
        below=loaded.below,
        ink_above=top * loaded.unit,
        ink_below=-bottom * loaded.unit,
    )


def em(face: Face) -> float:
    """The size of the square that the letters of `face` were designed in."""
    loaded = _loaded(face.file, face.index)
    return float(loaded.font.face.upem * loaded.unit)


@lru_cache(maxsize=64)
def _loaded(file: str, index: int) -> _Loaded:
    face = hb.Face(hb.Blob.from_file_path(file), index & 0xFFFF)
    font = hb.Font(face)
    if index >> 16:
        font.set_var_named_instance((index >> 16) - 1)
    ascent, descent = _win_metrics(face)
    if not ascent + descent:
        found = font.get_font_extents("ltr")
        ascent, descent = found.ascender, -found.descender
    height = (ascent + descent) or face.upem
    return _Loaded(font, ascent / height, descent / height, 1 / height)


def _win_metrics(face: hb.Face) -> tuple[int, int]:
    """`usWinAscent` and `usWinDescent`, signed as libass takes them: bytes 74 to 77 of the table `OS/2`."""
    table = face.reference_table("OS/2").data
    if table is None or len(table) < 78:
        return 0, 0
    ascent, descent = struct.unpack(">hh", table[74:78])
    return ascent, descent
