"""A movie: scenes one after another, and what runs under all of them."""

from __future__ import annotations

from libs.contracts.base import Message
from libs.contracts.captions import CaptionStyle
from libs.contracts.media import StoredMedia

VIDEO, IMAGE, AUDIO, SUBTITLES = ELEMENTS = ("video", "image", "audio", "subtitles")
QUALITIES = ("low", "medium", "high")
DEFAULT_LENGTH = 5.0
"""Seconds of a scene that nothing gives a length."""


class Element(Message, frozen=True, kw_only=True):
    """Something that is seen or heard (`kind` is one of `ELEMENTS`): a stored medium (`source`) or the one at
    `url`, exactly one of them; subtitles without any are recognised from what is said. `path` is where the
    request has it (`scenes[0].elements[1]`), to name it to the user.

    Pictures have their left top corner at `x`, `y`; `width` and `height` are pixels of the movie: with one of
    them the aspect is kept, with both it is what they say, without any a picture keeps its own size. One that
    has neither place nor size is as large as fits, in the middle. Later elements lie over earlier ones.
    `volume` is a factor, 0…1. `language` (a tag such as `pt-BR`) and `style` are those of subtitles."""

    kind: str
    path: str
    source: StoredMedia | None = None
    url: str | None = None
    x: int | None = None
    y: int | None = None
    width: int | None = None
    height: int | None = None
    volume: float = 1.0
    language: str | None = None
    style: CaptionStyle | None = None


class Scene(Message, frozen=True, kw_only=True):
    """As long as its longest audio, else its longest video, else `duration` seconds, else
    `DEFAULT_LENGTH`. `background` is `#RRGGBB`; without it, that of the movie."""

    elements: list[Element] = []
    duration: float | None = None
    background: str | None = None


class Movie(Message, frozen=True, kw_only=True):
    """`width` x `height` pixels (even) at `rate` frames a second; `quality` is one of `QUALITIES`.
    `elements` run under all scenes, their clock begins with the first one: pictures lie over those of the
    scenes, sounds are mixed in, subtitles tell what is said in the scenes."""

    scenes: list[Scene]
    elements: list[Element] = []
    width: int = 1920
    height: int = 1080
    rate: int = 30
    quality: str = "medium"
    background: str = "#000000"
