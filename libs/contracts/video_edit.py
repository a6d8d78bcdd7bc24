"""VIDEO_EDIT: what is wanted of a video, and what was found in it on the way there."""

from __future__ import annotations

from libs.contracts.base import Message
from libs.contracts.graph import Focus

FITS = ("pad", "crop", "blur")
START, HIGHLIGHT = "start", "highlight"
SELECTIONS = (START, HIGHLIGHT)
TRUE_PEAK = -1.0
"""dBTP that no result is above."""


class Wanted(Message, frozen=True, kw_only=True):
    """`duration` seconds of a video in exactly `width` x `height` pixels, its sound at `lufs` (`None`: as it
    is). `fit` is one of `FITS`; `selection` says where the part begins: at the `start` of the video, or where
    the liveliest part of that length does. A shorter video keeps its length."""

    duration: float
    width: int
    height: int
    lufs: float | None = None
    fit: str = "pad"
    selection: str = START


class Analysis(Message, frozen=True, kw_only=True):
    """What was found in a video for a `Wanted`: where the part begins (seconds), and what a crop of it looks
    at."""

    start: float = 0.0
    focus: list[Focus] = []
