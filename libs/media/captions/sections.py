"""What is said in a section of a movie, and when."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from libs.contracts.captions import CaptionSection, Transcript, Utterance
from libs.contracts.errors import InvalidInputError, OutOfRangeError
from libs.media.captions.grouping import Text
from libs.media.captions.words import pieces, placed, shifted

MAX_SECONDS = 1_000_000
"""Of a movie."""
MAX_UTTERANCES = 100_000
"""Of a section that begins anew again and again."""


@dataclass(frozen=True)
class Said:
    """What is said in a section: timed by words that were heard, or as captions that were `given`."""

    section: CaptionSection
    transcript: Transcript
    given: bool = False


def check(section: CaptionSection) -> None:
    """Raises `OutOfRangeError` for times that make no sense."""
    if not (0 <= section.start < MAX_SECONDS and 0 < section.length <= MAX_SECONDS):
        raise OutOfRangeError(f"A section of captions begins and ends in a movie of {MAX_SECONDS} seconds.")
    if not 0 <= section.skip < MAX_SECONDS or (section.turn is not None and not section.turn > 0):
        raise OutOfRangeError("What a section of captions skips or repeats is a time.")


def language_of(said: Said) -> str:
    return said.section.language or said.transcript.language


def utterances(said: Said) -> list[Utterance]:
    """Those that begin in the section, in order and in its own time. Raises `InvalidInputError` when it
    repeats too many."""
    section, found = said.section, list(said.transcript.utterances)
    if section.skip:
        found = _present(shifted(each, 0.0, math.inf, section.skip) for each in found)
    if section.turn is not None:
        turn, rounds = section.turn, math.ceil(section.length / section.turn)
        if rounds * len(found) > MAX_UTTERANCES:
            raise InvalidInputError("What is said in this movie is repeated too often for captions.")
        found = _present(shifted(each, n * turn, turn) for n in range(rounds) for each in found)
    kept = [each for each in found if each.start < section.length]
    return sorted(kept, key=lambda each: each.start)


def texts(said: Said) -> list[Text]:
    """Each utterance of the section, at its time in the movie."""
    start, length = said.section.start, said.section.length
    return [
        Text(start + each.start, start + min(each.end, length), placed(pieces(each), start, length))
        for each in utterances(said)
    ]


def in_movie(said: Said) -> list[Utterance]:
    """The utterances of the section, at their times in the movie."""
    start, length = said.section.start, said.section.length
    return _present(shifted(each, start, length) for each in utterances(said))


def _present(found: Iterable[Utterance | None]) -> list[Utterance]:
    return [each for each in found if each is not None]
