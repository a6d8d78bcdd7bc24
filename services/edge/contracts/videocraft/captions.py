"""The settings of a subtitles element. Pure."""

from __future__ import annotations

import re
from typing import Any

from libs.contracts.captions import (
    CAPTION_STYLES,
    FONT_SIZES,
    MAX_FAMILY,
    OUTLINES,
    POSITIONS,
    SHADOWS,
    CaptionStyle,
)
from services.edge.contracts.videocraft.fields import Fields

COLOURS = ("word-color", "line-color", "shadow-color", "outline-color", "box-color")
SETTINGS = (
    "style", "font-family", "font-size", *COLOURS, "outline-width", "shadow-offset", "position",
)  # fmt: skip
_TOLD = 20
"""Unknown settings of one element that are told of: a small request is not to have a huge answer."""
COLOUR_WORDS = "a color such as #FFCC00 or #FFCC00A0"

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?", re.ASCII)
_FONT = re.compile(rf"(?! )[^\x00-\x1f\x7f,;{{}}\\\"<>]{{1,{MAX_FAMILY}}}(?<! )")
_FONT_WORDS = f"the name of a font, at most {MAX_FAMILY} characters"


def style_of(settings: Fields) -> CaptionStyle:
    """What is missing is as `CaptionStyle` has it. Settings that there are not are a problem: they would do
    nothing, and nobody would know why."""
    for name in [name for name in settings.values if name not in SETTINGS][:_TOLD]:
        settings.note(name, f"There is no such setting; there are {', '.join(SETTINGS)}")
    found: dict[str, Any] = {
        "style": settings.choice("style", CAPTION_STYLES),
        "font_family": settings.matching("font-family", _FONT, _FONT_WORDS),
        "font_size": settings.whole("font-size", *FONT_SIZES, "pixels"),
        "outline_width": settings.number("outline-width", *OUTLINES, "pixels"),
        "shadow_offset": settings.number("shadow-offset", *SHADOWS, "pixels"),
        "position": settings.choice("position", POSITIONS),
    }
    for name in COLOURS:
        found[name.replace("-", "_")] = settings.matching(name, _COLOUR, COLOUR_WORDS)
    return CaptionStyle(**{name: value for name, value in found.items() if value is not None})
