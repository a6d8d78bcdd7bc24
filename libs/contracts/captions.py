"""Captions: what was said and when, and how it is to be shown."""

from __future__ import annotations

from libs.contracts.base import Message
from libs.contracts.media import ObjectRef

PROGRESSIVE, CLASSIC = CAPTION_STYLES = ("progressive", "classic")
POSITIONS = tuple(
    f"{side}-{height}" for side in ("left", "center", "right") for height in ("top", "center", "bottom")
)
FONT_SIZES, OUTLINES, SHADOWS = (6, 300), (0.0, 20.0), (0.0, 20.0)
"""Pixels of the movie, from … to …"""
MAX_FAMILY = 64
"""Characters of the name of a font."""


class Word(Message, frozen=True, kw_only=True):
    """One spoken word with its punctuation, without spaces around it; seconds from the start of the sound.
    `confidence` is 0…1."""

    text: str
    start: float
    end: float
    confidence: float = 1.0


class Utterance(Message, frozen=True, kw_only=True):
    """What was said in one go; `words` may be missing where only the whole was timed (given subtitles)."""

    text: str
    start: float
    end: float
    words: list[Word] = []


class Transcript(Message, frozen=True, kw_only=True):
    """Everything that was said in a sound of `duration` seconds, in order. `language` is a code of ISO 639
    (`und` where nothing was said); `model` names what recognised it (empty for given text)."""

    language: str
    duration: float
    utterances: list[Utterance] = []
    model: str = ""


class CaptionStyle(Message, frozen=True, kw_only=True):
    """How captions look. Lengths are pixels of the movie; colours are `#RRGGBB` or `#RRGGBBAA` (`AA` is
    opacity). `classic` shows lines in the `line_color`; `progressive` does too, but the word that is being
    spoken is in the `word_color`. Without a `font_size` it is a twentieth of the movie's height; without a
    `box_color` there is no box behind the text."""

    style: str = PROGRESSIVE
    font_family: str = "Arial"
    font_size: int | None = None
    word_color: str = "#FFD400"
    line_color: str = "#FFFFFF"
    shadow_color: str = "#000000A0"
    outline_color: str = "#000000"
    box_color: str | None = None
    outline_width: float = 2.0
    shadow_offset: float = 1.0
    position: str = "center-bottom"


class CaptionSection(Message, frozen=True, kw_only=True):
    """Captions of the part of a movie from `start` on, for `length` seconds: of a stored `Transcript` or of a
    `file` (SubRip or WebVTT), exactly one of them, whose times count from `skip` seconds before `start`. What
    is said before or later is left out, what goes on longer is cut. With `turn` it begins anew after so many
    seconds, again and again. `language` is a tag (`zh-Hant-TW`), which fonts are chosen by."""

    start: float
    length: float
    skip: float = 0.0
    turn: float | None = None
    style: CaptionStyle
    transcript: ObjectRef | None = None
    file: ObjectRef | None = None
    language: str | None = None
