"""The ffmpeg filters that a graph may use, with the type of each option.

Only filters that touch nothing but frames are here: none that opens files, hosts or devices.
"""

from __future__ import annotations

import math
import re

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import FilterStep, FilterValue

INTEGER, NUMBER, WORD, EXPRESSION = "an integer", "a number", "a word", "an expression"
MAX_TEXT = 512
_TEMPORAL = {"atadenoise", "bwdif", "hqdn3d", "normalize", "setpts", "settb"}
"""What they do to a frame depends on other frames or on its time."""
_OF_TIME = re.compile(r"\b(n|t|pos|[a-z]*random|ld|st|time)\b", re.IGNORECASE)

FILTERS: dict[str, dict[str, str]] = {
    "atadenoise": {**{f"{plane}{side}": NUMBER for plane in "012" for side in "ab"}, "s": INTEGER},
    "bwdif": {"mode": WORD, "parity": WORD, "deint": WORD},
    "crop": {"w": EXPRESSION, "h": EXPRESSION, "x": EXPRESSION, "y": EXPRESSION, "exact": INTEGER},
    "curves": {"all": EXPRESSION, "master": EXPRESSION, "interp": WORD},
    "drawbox": {
        "x": EXPRESSION,
        "y": EXPRESSION,
        "w": EXPRESSION,
        "h": EXPRESSION,
        "color": WORD,
        "t": EXPRESSION,
    },
    "eq": {"contrast": NUMBER, "brightness": NUMBER, "saturation": NUMBER, "gamma": NUMBER},
    "fillborders": {"left": INTEGER, "right": INTEGER, "top": INTEGER, "bottom": INTEGER, "mode": WORD},
    "format": {"pix_fmts": WORD},
    "hflip": {},
    "hqdn3d": {"luma_spatial": NUMBER, "chroma_spatial": NUMBER, "luma_tmp": NUMBER, "chroma_tmp": NUMBER},
    "normalize": {
        "smoothing": INTEGER,
        "independence": NUMBER,
        "strength": NUMBER,
        "blackpt": WORD,
        "whitept": WORD,
    },
    "null": {},
    "pad": {"w": EXPRESSION, "h": EXPRESSION, "x": EXPRESSION, "y": EXPRESSION, "color": WORD},
    "premultiply": {"inplace": INTEGER},
    "scale": {
        "w": EXPRESSION,
        "h": EXPRESSION,
        "flags": EXPRESSION,
        "in_color_matrix": WORD,
        "out_color_matrix": WORD,
        "in_range": WORD,
        "out_range": WORD,
    },
    "setparams": {
        "field_mode": WORD,
        "range": WORD,
        "color_primaries": WORD,
        "color_trc": WORD,
        "colorspace": WORD,
    },
    "setpts": {"expr": EXPRESSION},
    "setsar": {"sar": NUMBER},
    "settb": {"expr": EXPRESSION},
    "tonemap": {"tonemap": WORD, "param": NUMBER, "desat": NUMBER, "peak": NUMBER},
    "transpose": {"dir": WORD},
    "unsharp": {
        "luma_msize_x": INTEGER,
        "luma_msize_y": INTEGER,
        "luma_amount": NUMBER,
        "chroma_msize_x": INTEGER,
        "chroma_msize_y": INTEGER,
        "chroma_amount": NUMBER,
    },
    "vflip": {},
    "zscale": {
        **dict.fromkeys(("t", "m", "p", "r", "d", "tin", "min", "pin", "rin"), WORD),
        "npl": NUMBER,
    },
}


def check_step(step: FilterStep) -> None:
    """`InvalidInputError` for an unknown filter or option and for a value of the wrong type."""
    options = FILTERS.get(step.name)
    if options is None:
        raise InvalidInputError(f"There is no filter named {step.name!r}.")
    for name, value in step.options.items():
        if name not in options:
            raise InvalidInputError(f"The filter {step.name} has no option {name!r}.")
        if not _fits(value, options[name]):
            raise InvalidInputError(f"The option {name} of the filter {step.name} must be {options[name]}.")


def sees_one_frame(step: FilterStep) -> bool:
    """Whether the filter does to each frame the same, whichever frames come before it and whenever."""
    if step.name == "crop":
        return not any(_OF_TIME.search(str(step.options.get(name, ""))) for name in "xy")
    return step.name not in _TEMPORAL


def keeps_times(step: FilterStep) -> bool:
    """Whether as many frames come out as go in, at the same times."""
    if step.name == "bwdif":
        return step.options.get("mode") in ("send_frame", "0", 0)
    return step.name != "setpts"


def _fits(value: FilterValue, kind: str) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        if kind == WORD:
            return value.replace("_", "").replace("-", "").isalnum() and value.isascii()
        return kind == EXPRESSION and 0 < len(value) <= MAX_TEXT and value.isascii() and value.isprintable()
    if kind in (INTEGER, EXPRESSION) and isinstance(value, int):
        return True
    return kind in (NUMBER, EXPRESSION) and math.isfinite(value)
