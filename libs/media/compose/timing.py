"""When each scene of a movie begins, and how long it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from libs.contracts.movie import AUDIO, DEFAULT_LENGTH, VIDEO, Movie
from libs.media.compose.cast import Media, Role, roles
from libs.media.foretell import length_of
from libs.media.passes.clocks import exact

_ROUNDING = Fraction(1, 1000)
"""Frames that a scene may be longer than its frames and still end with them."""


@dataclass(frozen=True)
class Span:
    """Seconds."""

    start: float
    length: float


def spans(movie: Movie, media: Media, lengths: Mapping[int, float]) -> list[Span]:
    """When each scene is on. `lengths` are the exact seconds of sounds, by the number of their element.

    Scenes begin on frames; what is lost or gained by that is made up in the next one, so that a movie is
    never a whole frame longer than its scenes are together."""
    rate, end, total, found = Fraction(movie.rate), 0, Fraction(0), list[Span]()
    cast = roles(movie)
    for number, scene in enumerate(movie.scenes):
        own = [role for role in cast if role.scene == number]
        total += exact(_length(own, media, lengths) or scene.duration or DEFAULT_LENGTH)
        begin, end = end, max(math.ceil(total * rate - _ROUNDING), end + 1)
        found.append(Span(float(begin / rate), float((end - begin) / rate)))
    return found


def _length(scene: Sequence[Role], media: Media, lengths: Mapping[int, float]) -> float | None:
    """The longest audio, or else the longest video; `None` without either, or where nothing is known."""
    sounds = [lengths[role.number] for role in scene if role.element.kind == AUDIO and role.number in lengths]
    if sounds:
        return max(sounds)
    shown = [media[role.number].info for role in scene if role.element.kind == VIDEO]
    known = [length_of(info) for info in shown if info.video is not None]
    return max((length for length in known if length), default=None)
