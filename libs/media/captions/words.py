"""Words with times, out of what was said, placed where a section has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from libs.contracts.captions import Utterance, Word
from libs.media.captions.text import clean, columns, unbreakable, unspaced

SPACE, BREAK, NOTHING = " ", "\n", ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word as it is shown: `before` is what stands between it and the one before (`SPACE`, `BREAK` where
    the author broke the line, or `NOTHING`); seconds."""

    text: str
    start: float
    end: float
    before: str = SPACE


def pieces(utterance: Utterance) -> list[Piece]:
    """The words of `utterance`, one after the other; where none were timed, each gets a share of the time by
    its length."""
    if not utterance.words:
        return _shared(clean(utterance.text), max(utterance.start, 0.0), utterance.end)
    found: list[Piece] = []
    for word, before in zip(utterance.words, _gaps(utterance), strict=True):
        start = max(word.start, found[-1].start if found else 0.0)
        if found and found[-1].end > start:
            found[-1] = replace(found[-1], end=start)
        some = _shared(clean(word.text), start, max(word.end, start), whole=True)
        if some:
            found += [replace(some[0], before=before), *some[1:]]
    return found


def placed(said: Iterable[Piece], start: float, length: float) -> list[Piece]:
    """`said`, whose times count from `start`; what begins after `length` seconds is left out, what ends later
    is cut."""
    return [
        replace(piece, start=start + piece.start, end=start + min(piece.end, length))
        for piece in said
        if piece.start < length
    ]


def shifted(utterance: Utterance, start: float, length: float, skip: float = 0.0) -> Utterance | None:
    """The same for an utterance, without what ended in the first `skip` seconds, which come before `start`;
    `None` when nothing of it is left."""

    def kept(said: Utterance | Word) -> bool:
        return said.start - skip < length and (said.end > skip or not skip)

    if not kept(utterance):
        return None
    words = [
        Word(
            text=word.text,
            start=start + max(word.start - skip, 0.0),
            end=start + min(word.end - skip, length),
            confidence=word.confidence,
        )
        for word in utterance.words
        if kept(word)
    ]
    cut = len(words) < len(utterance.words)
    text = utterance.text if not cut else joined(pieces(Utterance(text="", start=0, end=0, words=words)))
    begin, end = start + max(utterance.start - skip, 0.0), start + min(utterance.end - skip, length)
    return Utterance(text=text, start=begin, end=end, words=words)


def joined(said: Iterable[Piece]) -> str:
    """The running text."""
    return "".join(f"{piece.before}{piece.text}" for piece in said).strip()


def _gaps(utterance: Utterance) -> Iterator[str]:
    """What the text of `utterance` has before each of its words; by their writing where it is not found."""
    at, last = 0, ""
    for word in utterance.words:
        found = utterance.text.find(word.text, at) if word.text else -1
        between = utterance.text[at:found] if found >= 0 else None
        if between is not None and len(between) <= 3 and not between.strip():
            at = found + len(word.text)
            yield BREAK if "\n" in between else SPACE if between or not last else NOTHING
        else:
            tight = bool(last and word.text) and unspaced(last[-1]) and unspaced(word.text[0])
            yield NOTHING if tight else SPACE
        last = word.text


def _shared(text: str, start: float, end: float, *, whole: bool = False) -> list[Piece]:
    """The words of `text` with times by their length. `whole`: of writings without spaces, too."""
    tokens: list[tuple[str, str]] = []
    for number, line in enumerate(text.split("\n")):
        for index, word in enumerate(line.split(" ")):
            before = BREAK if number and not index else SPACE
            parts = [word] if whole and len(word) <= 64 else unbreakable(word)
            tokens += [(part, NOTHING if i else before) for i, part in enumerate(parts) if part]
    weights = [columns(word) + 1 for word, _ in tokens]
    unit, at, found = max(end - start, 0.0) / max(sum(weights), 1), start, []
    for (word, before), weight in zip(tokens, weights, strict=True):
        found.append(Piece(word, at, at + weight * unit, before))
        at += weight * unit
    return found
