"""From what a model heard to words and utterances: pure functions over times in seconds.

Whisper times a word by the attention of its decoder, which is early, and stretches the first one after a
pause into the silence before it. Measured on real speech against a forced alignment, see
`docs/adr/0019-speech.md`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from libs.contracts.captions import Utterance, Word
from services.speech.windows import Span

EARLY = 0.05
"""Seconds that words start and end before they are said."""
SHORTEST = 0.05
"""Seconds that a word lasts at least, while there is room."""
PAUSE = 1.0
"""Seconds of silence that end an utterance."""
LONGEST = 15.0
"""Seconds of an utterance after which the next segment begins another one, in mid sentence too."""
SENTENCE_ENDS = (".", "?", "!", "…", "。", "！", "？", "।", "۔", "؟")
CLOSING = "\"'”’»)]」』"


@dataclass(frozen=True)
class Heard:
    """A word as a model writes it: `text` has a space before it where one belongs. `begins` a segment: what
    the model took for a sentence or a part of one. `confidence` is 0…1."""

    text: str
    start: float
    end: float
    confidence: float = 1.0
    begins: bool = False


def corrected(heard: Iterable[Heard], speech: Sequence[Span], duration: float) -> list[Heard]:
    """Words at the times when they are said, of a sound of `duration` seconds with `speech` (in order).

    Parts of a word are joined, what has no text is left out. Starts rise; each word ends after it starts, not
    after the next one starts, and not after the sound.
    """
    ends = [span.end for span in speech]
    moved = [_moved(word, speech, ends) for word in _whole(heard)]
    if not moved or duration <= 0:
        return []
    step = min(SHORTEST, duration / (len(moved) + 1))
    starts = _rising([word.start for word in moved], step, duration - step)
    limits = [*starts[1:], duration]
    return [
        replace(word, start=round(start, 3), end=round(max(min(word.end, limit), start + step), 3))
        for word, start, limit in zip(moved, starts, limits, strict=True)
    ]


def utterances(words: Sequence[Heard]) -> list[Utterance]:
    """Corrected words in utterances, which end with a pause, or with a segment that ends a sentence or has
    become long: segments alone end in mid sentence."""
    groups: list[list[Heard]] = []
    for word in words:
        if groups and _goes_on(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_utterance(group) for group in groups]


def _goes_on(group: list[Heard], word: Heard) -> bool:
    last = group[-1]
    if word.start - last.end >= PAUSE:
        return False
    ended = last.text.rstrip().rstrip(CLOSING).endswith(SENTENCE_ENDS)
    return not word.begins or not (ended or word.end - group[0].start > LONGEST)


def _utterance(group: list[Heard]) -> Utterance:
    words = [
        Word(text=each.text.strip(), start=each.start, end=each.end, confidence=round(each.confidence, 3))
        for each in group
    ]
    text = " ".join("".join(each.text for each in group).split())
    return Utterance(text=text, start=words[0].start, end=words[-1].end, words=words)


def _whole(heard: Iterable[Heard]) -> list[Heard]:
    """Parts that belong to the word before them, such as `-disposed`, joined to it; where a language has no
    spaces, every part is a word."""
    found: list[Heard] = []
    for word in heard:
        if not word.text.strip():
            continue
        if found and not word.begins and not word.text[0].isspace() and _joins(found[-1].text, word.text):
            last = found[-1]
            confidence = min(last.confidence, word.confidence)
            found[-1] = replace(last, text=last.text + word.text, end=word.end, confidence=confidence)
        else:
            found.append(word)
    return found


def _joins(before: str, part: str) -> bool:
    """Whether `part` goes on with the word `before`. Scripts without spaces between words (from U+0E00 to
    U+1000 Thai, Lao, Tibetan and Burmese, from U+1780 Khmer, from U+2E80 Chinese and Japanese) are recognised
    by their letters; their punctuation joins."""
    if not any(each.isalnum() for each in part):
        return True
    first = next(each for each in part if each.isalnum())
    spaceless = "\u0e00" <= first < "\u10a0" or "\u1780" <= first < "\u1800" or "\u2e80" <= first < "\uac00"
    return before[:1].isspace() and not spaceless


def _moved(word: Heard, speech: Sequence[Span], ends: Sequence[float]) -> Heard:
    """`word` later by what it is early, and not before its speech begins; `ends` are those of `speech`."""
    start, end = max(_number(word.start) + EARLY, 0.0), max(_number(word.end) + EARLY, 0.0)
    onset = _onset(start, end, speech, ends)
    start = start if onset is None else onset
    return replace(word, start=start, end=max(end, start), confidence=min(max(word.confidence, 0.0), 1.0))


def _onset(start: float, end: float, speech: Sequence[Span], ends: Sequence[float]) -> float | None:
    """Where speech begins within a word that starts in silence; `None` for one that starts in speech, or has
    none."""
    following = bisect_right(ends, start)  # the first that has not ended by then
    if following == len(ends):
        return None
    begins = speech[following].start
    return begins if start < begins < end else None


def _rising(starts: Sequence[float], step: float, last: float) -> list[float]:
    """`starts` moved as little as makes each at least `step` later than the one before, from 0 to `last`."""
    found: list[float] = []
    for start in starts:
        found.append(max(start, found[-1] + step) if found else max(start, 0.0))
    limit = last
    for i in reversed(range(len(found))):
        found[i] = max(min(found[i], limit), 0.0)
        limit = found[i] - step
    return found


def _number(value: float) -> float:
    return value if math.isfinite(value) else 0.0
