"""Words grouped into captions that are there while they are spoken, and one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from libs.media.captions.text import columns, ends_sentence
from libs.media.captions.words import BREAK, Piece

PAUSE, HOLD = 0.6, 0.3
"""Seconds: a longer pause ends a caption; a caption stays so much longer than its last word at most."""
LONGEST, SHORTEST = 6.0, 1.0
"""Seconds: of a caption at most; how long one must have lasted for a sentence to end it."""
MAX_COLUMNS, MAX_LINES, MOST_LINES = 84, 2, 4
"""Columns in all lines of a caption; lines, and lines where the author broke them."""

Fits = Callable[[Sequence[Piece]], bool]
"""Whether words have room in one caption at the size that was asked for."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from `start` to `end` seconds; not empty."""

    start: float
    end: float
    pieces: tuple[Piece, ...]

    @property
    def most_lines(self) -> int:
        breaks = sum(piece.before == BREAK for piece in self.pieces[1:])
        return min(max(MAX_LINES, breaks + 1), MOST_LINES)


def spoken(said: Sequence[Piece], fits: Fits, end: float) -> list[Cue]:
    """Captions of words by pauses, sentences, and room; the last ends at `end` at the latest."""
    groups: list[list[Piece]] = []
    for sentence in _sentences(said):
        if _short(sentence) and fits(sentence):
            groups.append(sentence)
            continue
        count = len(_filled(sentence, fits, MAX_COLUMNS))
        even = -(-_columns(sentence) // count)
        groups += _filled(sentence, fits, even)
    cues = []
    for number, group in enumerate(groups):
        following = groups[number + 1][0].start if number + 1 < len(groups) else end
        last = max(piece.end for piece in group)
        cues.append(Cue(group[0].start, min(last + HOLD, following), tuple(group)))
    return [cue for cue in cues if cue.end > cue.start]


def given(texts: Iterable[tuple[float, float, Sequence[Piece]]], fits: Fits) -> list[Cue]:
    """Captions as they were written, (start, end, words) each and in order of their starts: those that
    overlap are shown together, those without room one part after the other."""
    cues: list[Cue] = []
    for start, end, words in _overlaid(list(texts)):
        parts: list[list[Piece]] = []
        left = words
        while left:
            count = _most(left, fits)
            parts.append(left[:count])
            left = left[count:]
        for number, part in enumerate(parts):
            begin = max(part[0].start, start) if number else start
            until = parts[number + 1][0].start if number + 1 < len(parts) else end
            cues.append(Cue(begin, min(max(until, begin), end), tuple(part)))
    return [cue for cue in cues if cue.end > cue.start]


def _overlaid(texts: list[tuple[float, float, Sequence[Piece]]]) -> list[tuple[float, float, list[Piece]]]:
    """The same without overlaps: at each moment all that is there then, at most the latest `MOST_LINES`."""
    edges = sorted({edge for start, end, _ in texts for edge in (start, end)})
    shown: list[tuple[float, float, list[Piece]]] = []
    active: list[tuple[float, float, Sequence[Piece]]] = []
    following = 0
    for start, end in pairwise(edges):
        active = [text for text in active if text[1] > start]
        while following < len(texts) and texts[following][0] <= start:
            active.append(texts[following])
            following += 1
        active = active[-MOST_LINES:]
        together: list[Piece] = []
        for _, _, words in active:
            if words:
                together += [replace(words[0], before=BREAK), *words[1:]]
        if together:
            shown.append((start, end, together))
    return shown


def _sentences(said: Sequence[Piece]) -> list[list[Piece]]:
    """What is said in one go: up to a pause, or to the end of a sentence unless that was a short one."""
    groups: list[list[Piece]] = []
    for piece in said:
        group = groups[-1] if groups else []
        if group and not _parted(group, piece):
            group.append(piece)
        else:
            groups.append([piece])
    return groups


def _parted(group: Sequence[Piece], piece: Piece) -> bool:
    if piece.start - group[-1].end > PAUSE:
        return True
    return ends_sentence(group[-1].text) and piece.start - group[0].start >= SHORTEST


def _filled(sentence: Sequence[Piece], fits: Fits, aim: int) -> list[list[Piece]]:
    """Parts of `sentence` that have room, and of which none goes on when it has `aim` columns."""
    parts: list[list[Piece]] = []
    taken = 0
    for piece in sentence:
        wide = columns(piece.before + piece.text)
        more = [*parts[-1], piece] if parts else []
        short = bool(more) and piece.end - more[0].start <= LONGEST and taken < aim
        if short and taken + wide <= MAX_COLUMNS and fits(more):
            parts[-1].append(piece)
        else:
            parts.append([piece])
            taken = 0
        taken += wide
    return parts


def _short(pieces: Sequence[Piece]) -> bool:
    return pieces[-1].end - pieces[0].start <= LONGEST and _columns(pieces) <= MAX_COLUMNS


def _columns(pieces: Sequence[Piece]) -> int:
    return sum(columns(piece.before + piece.text) for piece in pieces)


def _most(words: list[Piece], fits: Fits) -> int:
    """How many of `words`, from the first on, have room together: at least one."""
    low, high = 1, min(len(words), 2 * MAX_COLUMNS)
    if len(words) == high and (_columns(words) <= 2 * MAX_COLUMNS and fits(words)):
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if _columns(words[:middle]) <= 2 * MAX_COLUMNS and fits(words[:middle]):
            low = middle
        else:
            high = middle - 1
    return low
