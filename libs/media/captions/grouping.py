"""Words grouped into captions that are there while they are spoken, and one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from libs.media.captions.text import columns, ends_sentence
from libs.media.captions.words import BREAK, Piece

PAUSE, HOLD = 0.6, 0.3
"""Seconds: a longer pause ends a caption; a caption stays so much longer than its last word at most."""
LONGEST, SHORTEST = 6.0, 1.0
"""Seconds: of a caption at most; how long one must have lasted for a sentence to end it."""
MAX_COLUMNS, MAX_LINES, MOST_LINES = 84, 2, 4
"""Columns in all lines of a caption; lines, and lines where the author broke them."""

Fits = Callable[[Sequence[Piece], int], bool]
"""Whether words have room in one caption of so many lines at most, at the size that was asked for."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from `start` to `end` seconds, in at most so many lines; not empty."""

    start: float
    end: float
    pieces: tuple[Piece, ...]
    most_lines: int = MAX_LINES


@dataclass(frozen=True, slots=True)
class Text:
    """What an author wants to be shown from `start` to `end` seconds."""

    start: float
    end: float
    pieces: Sequence[Piece]

    @property
    def most_lines(self) -> int:
        breaks = sum(piece.before == BREAK for piece in self.pieces[1:])
        return min(max(MAX_LINES, breaks + 1), MOST_LINES)


def spoken(said: Sequence[Piece], fits: Fits, end: float) -> list[Cue]:
    """Captions of words by pauses, sentences, and room; the last ends at `end` at the latest."""
    groups: list[list[Piece]] = []
    for sentence in _sentences(said):
        if _short(sentence) and fits(sentence, MAX_LINES):
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


def given(texts: Iterable[Text], fits: Fits) -> list[Cue]:
    """Captions as they were written: those that overlap are shown together, those without room one part after
    the other."""
    in_order = sorted((text for text in texts if text.pieces), key=lambda text: text.start)
    cues: list[Cue] = []
    for start, end, shown in _overlaid(in_order):
        lines = min(sum(text.most_lines for text in shown), MOST_LINES)
        parts = _parts(_stacked(shown), lines, fits)
        begins = _shared(parts, start, end) if len(shown) > 1 else [part[0].start for part in parts]
        begins = [start, *(min(max(begin, start), end) for begin in begins[1:]), end]
        for part, (begin, until) in zip(parts, pairwise(begins), strict=True):
            cues.append(Cue(begin, until, tuple(part), lines))
    return [cue for cue in cues if cue.end > cue.start]


def _stacked(texts: Iterable[Text]) -> list[Piece]:
    """The words of `texts`, each of which begins a line."""
    found: list[Piece] = []
    for text in texts:
        found += [replace(text.pieces[0], before=BREAK), *text.pieces[1:]]
    return found


def _overlaid(texts: Sequence[Text]) -> Iterator[tuple[float, float, list[Text]]]:
    """(start, end, what is there) without overlaps: at most the latest `MOST_LINES` of `texts`, which are in
    the order of their starts."""
    edges = sorted({edge for text in texts for edge in (text.start, text.end)})
    active: list[Text] = []
    following = 0
    for start, end in pairwise(edges):
        while following < len(texts) and texts[following].start <= start:
            active.append(texts[following])
            following += 1
        if shown := _latest(active, start):
            yield start, end, shown


def _latest(active: list[Text], now: float) -> list[Text]:
    """The last `MOST_LINES` that are still there; those that are over and were looked at are removed."""
    found: list[Text] = []
    while active and len(found) < MOST_LINES:
        text = active.pop()
        if text.end > now:
            found.insert(0, text)
    active += found
    return found


def _parts(words: Sequence[Piece], lines: int, fits: Fits) -> list[Sequence[Piece]]:
    """`words` in as few captions as there is room."""
    parts: list[Sequence[Piece]] = []
    while words:
        count = _most(words, lines, fits)
        parts.append(words[:count])
        words = words[count:]
    return parts


def _shared(parts: Sequence[Sequence[Piece]], start: float, end: float) -> list[float]:
    """When each of `parts` begins if they share the time by their length: words of several texts have times
    of their own, which do not follow each other."""
    sums = list(accumulate((_columns(part) for part in parts), initial=0))
    return [start + (end - start) * before / max(sums[-1], 1) for before in sums[:-1]]


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
        if short and taken + wide <= MAX_COLUMNS and fits(more, MAX_LINES):
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


def _most(words: Sequence[Piece], lines: int, fits: Fits) -> int:
    """How many of `words`, from the first on, have room together: at least one."""
    wide = lines * MAX_COLUMNS
    low, high = 1, min(len(words), wide)
    if len(words) == high and _columns(words) <= wide and fits(words, lines):
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if _columns(words[:middle]) <= wide and fits(words[:middle], lines):
            low = middle
        else:
            high = middle - 1
    return low
