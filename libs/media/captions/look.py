"""How captions look: what was asked for, checked, in pixels of a movie."""

from __future__ import annotations

import re
from dataclasses import dataclass

from libs.contracts.captions import (
    CAPTION_STYLES,
    FONT_SIZES,
    OUTLINES,
    POSITIONS,
    PROGRESSIVE,
    SHADOWS,
    CaptionStyle,
)
from libs.contracts.errors import InvalidInputError, OutOfRangeError

MARGIN = 0.04
"""Share of the movie's width and height that stays free at each edge."""
_BORDER = 0.05
"""Share of the movie's shorter side that outline and shadow may each take."""
_DEFAULT_SIZE = 1 / 20
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
_SIDES, _HEIGHTS = {"left": 0, "center": 1, "right": 2}, {"bottom": 1, "center": 4, "top": 7}


@dataclass(frozen=True)
class Colour:
    """`bgr` is what ASS calls `&HBBGGRR&`, `alpha` 0 (opaque) … 255 (clear)."""

    bgr: int
    alpha: int


@dataclass(frozen=True)
class Look:
    """`alignment` is a key of a keypad (1 is left bottom), as in ASS; lengths are pixels."""

    progressive: bool
    family: str
    size: float
    word: Colour
    line: Colour
    outline: Colour
    shadow: Colour
    box: Colour | None
    outline_width: float
    shadow_offset: float
    alignment: int


def look(style: CaptionStyle, width: int, height: int) -> Look:
    """`style` for a movie of `width` x `height` pixels. Raises `InvalidInputError` (`OutOfRangeError`) naming
    what is wrong with it."""
    if style.style not in CAPTION_STYLES:
        raise InvalidInputError(
            f"The style of captions is one of {', '.join(CAPTION_STYLES)}.", field="style"
        )
    if style.position not in POSITIONS:
        raise InvalidInputError(f"The position is one of {', '.join(POSITIONS)}.", field="position")
    if style.font_size is not None:
        _check_range("font_size", style.font_size, FONT_SIZES)
    _check_range("outline_width", style.outline_width, OUTLINES)
    _check_range("shadow_offset", style.shadow_offset, SHADOWS)
    side, at = style.position.split("-")
    most = _BORDER * min(width, height)
    return Look(
        progressive=style.style == PROGRESSIVE,
        family=style.font_family,
        size=float(style.font_size or min(max(height * _DEFAULT_SIZE, FONT_SIZES[0]), FONT_SIZES[1])),
        word=_colour("word_color", style.word_color),
        line=_colour("line_color", style.line_color),
        outline=_colour("outline_color", style.outline_color),
        shadow=_colour("shadow_color", style.shadow_color),
        box=_colour("box_color", style.box_color) if style.box_color is not None else None,
        outline_width=min(style.outline_width, most),
        shadow_offset=min(style.shadow_offset, most),
        alignment=_HEIGHTS[at] + _SIDES[side],
    )


def _colour(field: str, text: str) -> Colour:
    if not _COLOUR.fullmatch(text):
        raise InvalidInputError(f"The {field} is not of the form #RRGGBB or #RRGGBBAA.", field=field)
    red, green, blue = (int(text[at : at + 2], 16) for at in (1, 3, 5))
    return Colour(blue << 16 | green << 8 | red, 255 - int(text[7:] or "FF", 16))


def _check_range(field: str, value: float, allowed: tuple[float, float]) -> None:
    if not allowed[0] <= value <= allowed[1]:
        raise OutOfRangeError(f"The {field} is from {allowed[0]:g} to {allowed[1]:g}.", field=field)
