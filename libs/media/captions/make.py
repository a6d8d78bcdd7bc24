"""All files of a movie's captions, from what is said in its sections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from libs.contracts.captions import CaptionStyle, Transcript
from libs.contracts.errors import InvalidInputError, OutOfRangeError
from libs.contracts.languages import code_of
from libs.media.captions.ass import Scene, script
from libs.media.captions.fonts import Catalogue
from libs.media.captions.grouping import Cue, Text, given, spoken
from libs.media.captions.installed import choice
from libs.media.captions.layout import Layout
from libs.media.captions.look import look
from libs.media.captions.sections import Said, check, in_movie, language_of, texts
from libs.media.captions.writing import subrip, webvtt
from libs.media.checks import MAX_SUBTITLES

MAX_WORDS, MAX_SECTIONS = 100_000, 500
MAX_SIDE = 16_384
"""Pixels of a movie."""
NOBODY = "und"


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
    scenes, cues, said_then, notes = [], [], [], dict[str, None]()
    languages: Counter[str] = Counter()
    movie = _Movie(width, height, fonts)
    for together in _together(said):
        spoken_here: Counter[str] = Counter()
        voices = [texts(each) for each in together]
        for each, voice in zip(together, voices, strict=True):
            spoken_here[language_of(each)] += sum(len(text.pieces) for text in voice)
            said_then += in_movie(each)
        for tag, words in spoken_here.items():
            languages[code_of(tag)] += words
        if languages.total() > MAX_WORDS:
            raise InvalidInputError(f"A movie has captions of at most {MAX_WORDS} words.")
        scene, of_scene = _scene(together[0], voices, _most_spoken(spoken_here), movie, notes)
        scenes.append(scene)
        cues += of_scene
    ass = script(width, height, scenes, MAX_SUBTITLES)
    if len(ass.encode()) > MAX_SUBTITLES:
        raise InvalidInputError("There is too much text in the captions of this movie.")
    cues.sort(key=lambda cue: cue.start)
    said_then.sort(key=lambda utterance: utterance.start)
    transcript = Transcript(
        language=_most_spoken(languages),
        duration=max((each.section.start + each.section.length for each in said), default=0.0),
        utterances=said_then,
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


def _together(said: Sequence[Said]) -> list[list[Said]]:
    """Those that are said at once and look alike, so that they must not lie over each other."""
    groups: dict[tuple[float, float, CaptionStyle, bool], list[Said]] = {}
    for each in sorted(said, key=lambda each: each.section.start):
        check(each.section)
        key = (each.section.start, each.section.length, each.section.style, each.given)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _scene(
    said: Said, voices: Sequence[list[Text]], language: str, movie: _Movie, notes: dict[str, None]
) -> tuple[Scene, list[Cue]]:
    """Captions of what is said at once by several `voices`, as in `said` by the first of them."""
    section = said.section
    looks = look(section.style, movie.width, movie.height)
    chosen = choice(looks.family, movie.fonts)
    layout = Layout(looks, chosen.face, movie.fonts, movie.width, movie.height, language)
    if said.given:
        cues = given((text for voice in voices for text in voice), layout.fits)
    else:
        cues = _heard(voices, layout, section.start + section.length)
    laid = [(cue, found) for cue in cues if (found := layout.laid(cue.pieces, cue.most_lines))]
    notes.update(dict.fromkeys([*([chosen.note] if chosen.note and cues else []), *layout.notes]))
    return Scene(looks, chosen.face.family, laid), cues


def _heard(voices: Sequence[list[Text]], layout: Layout, end: float) -> list[Cue]:
    """Captions of words that were heard; where those of several voices overlap, all of them in one."""
    cues = []
    for voice in voices:
        in_order = sorted((piece for text in voice for piece in text.pieces), key=lambda piece: piece.start)
        cues += spoken(in_order, layout.fits, end)
    if len(voices) == 1:
        return cues
    return given((Text(cue.start, cue.end, cue.pieces) for cue in cues), layout.fits)


def _most_spoken(languages: Counter[str]) -> str:
    known = {language: count for language, count in languages.items() if language != NOBODY and count}
    return max(known, key=lambda language: known[language]) if known else NOBODY
