"""All files of a movie's captions, from what is said in its sections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from libs.contracts.captions import CaptionSection, Transcript, Utterance
from libs.contracts.errors import InvalidInputError, OutOfRangeError
from libs.media.captions.ass import Scene, script
from libs.media.captions.fonts import Catalogue
from libs.media.captions.grouping import Cue, given, spoken
from libs.media.captions.installed import choice
from libs.media.captions.layout import Layout
from libs.media.captions.look import look
from libs.media.captions.words import Piece, pieces, placed, shifted
from libs.media.captions.writing import subrip, webvtt
from libs.media.checks import MAX_SUBTITLES

MAX_WORDS, MAX_SECTIONS = 100_000, 500
MAX_SIDE, MAX_SECONDS = 16_384, 1_000_000
"""Of a movie: pixels, and time."""
NOBODY = "und"


@dataclass(frozen=True)
class Said:
    """What is said in a section: `timed` by words that were heard, or as captions that were `given`."""

    section: CaptionSection
    transcript: Transcript
    given: bool = False


@dataclass(frozen=True)
class Captions:
    """Texts of the files; `transcript` is of the whole movie, `words` counts its words."""

    ass: str
    subrip: str
    webvtt: str
    transcript: Transcript
    words: int
    notes: list[str]


@dataclass(frozen=True)
class _Movie:
    width: int
    height: int
    fonts: Catalogue


def captions(width: int, height: int, said: Sequence[Said], fonts: Catalogue) -> Captions:
    """Captions for a movie of `width` x `height` pixels. Blocks: it computes, and may ask fontconfig.

    Raises `InvalidInputError` naming the section and the field of what makes no sense.
    """
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise OutOfRangeError(f"A movie is 1 to {MAX_SIDE} pixels wide and high.")
    if len(said) > MAX_SECTIONS:
        raise OutOfRangeError(f"There are captions for {MAX_SECTIONS} sections at most.")
    scenes, cues, utterances, notes = [], [], [], dict[str, None]()
    languages: Counter[str] = Counter()
    movie = _Movie(width, height, fonts)
    for each in sorted(said, key=lambda each: each.section.start):
        _check(each.section)
        words = _placed(each)
        languages[language_of(each)] += sum(len(group) for group in words)
        if languages.total() > MAX_WORDS:
            raise InvalidInputError(f"A movie has captions of at most {MAX_WORDS} words.")
        scene, of_scene = _scene(each, words, movie, notes)
        scenes.append(scene)
        cues += of_scene
        utterances += _shifted(each)
    ass = script(width, height, scenes, MAX_SUBTITLES)
    if len(ass.encode()) > MAX_SUBTITLES:
        raise InvalidInputError("There is too much text in the captions of this movie.")
    cues.sort(key=lambda cue: cue.start)
    utterances.sort(key=lambda utterance: utterance.start)
    transcript = Transcript(
        language=_most_spoken(languages),
        duration=max((each.section.start + each.section.length for each in said), default=0.0),
        utterances=utterances,
        model=next((each.transcript.model for each in said if each.transcript.model), ""),
    )
    return Captions(
        ass=ass,
        subrip=subrip(cues),
        webvtt=webvtt(cues),
        transcript=transcript,
        words=languages.total(),
        notes=list(notes),
    )


def language_of(said: Said) -> str:
    return said.section.language or said.transcript.language


def _scene(
    said: Said, words: list[list[Piece]], movie: _Movie, notes: dict[str, None]
) -> tuple[Scene, list[Cue]]:
    looks = look(said.section.style, movie.width, movie.height)
    chosen = choice(looks.family, movie.fonts)
    layout = Layout(looks, chosen.face, movie.fonts, movie.width, movie.height, language_of(said))
    end = said.section.start + said.section.length
    if said.given:
        timed = zip(_utterances(said), words, strict=True)
        start, length = said.section.start, said.section.length
        texts = [(start + cue.start, start + min(cue.end, length), group) for cue, group in timed]
        cues = given(texts, layout.fits)
    else:
        in_order = sorted((piece for group in words for piece in group), key=lambda piece: piece.start)
        cues = spoken(in_order, layout.fits, end)
    laid = [(cue, found) for cue in cues if (found := layout.laid(cue.pieces, cue.most_lines))]
    notes.update(dict.fromkeys([*([chosen.note] if chosen.note and cues else []), *layout.notes]))
    return Scene(looks, chosen.face.family, laid), cues


def _utterances(said: Said) -> list[Utterance]:
    """Those that begin in the section, in order."""
    kept = [each for each in said.transcript.utterances if each.start < said.section.length]
    return sorted(kept, key=lambda each: each.start)


def _placed(said: Said) -> list[list[Piece]]:
    """The words of each utterance of the section, at their times in the movie."""
    start, length = said.section.start, said.section.length
    return [placed(pieces(each), start, length) for each in _utterances(said)]


def _shifted(said: Said) -> list[Utterance]:
    start, length = said.section.start, said.section.length
    moved = (shifted(each, start, length) for each in _utterances(said))
    return [each for each in moved if each is not None]


def _most_spoken(languages: Counter[str]) -> str:
    known = {language: count for language, count in languages.items() if language != NOBODY and count}
    return max(known, key=lambda language: known[language]) if known else NOBODY


def _check(section: CaptionSection) -> None:
    if not (0 <= section.start < MAX_SECONDS and 0 < section.length <= MAX_SECONDS):
        raise OutOfRangeError(f"A section of captions begins and ends in a movie of {MAX_SECONDS} seconds.")
