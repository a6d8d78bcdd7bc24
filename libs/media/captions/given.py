"""SubRip and WebVTT files, read as what they say: texts and their times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from libs.contracts.captions import Transcript, Utterance
from libs.contracts.errors import MediaError
from libs.media.captions.text import clean, decoded, without_markup

MAX_BYTES, MAX_CUES, MAX_LETTERS = 16 << 20, 20_000, 2_000
"""Of one file: bytes, cues, and characters of one cue."""
_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[,.](\d{1,6}))?"
_TIMES = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?$")
_DOUBLED = re.compile(r"\r+\n")
"""Ends of lines that were turned into those of Windows twice would be two lines."""
_SHOWN = 80
"""Characters of a bad line that an error shows."""


@dataclass
class _Block:
    """Lines without an empty one between them; `number` is that of the first, from 1."""

    number: int
    lines: list[str] = field(default_factory=list)


def transcript_of(data: bytes, language: str | None = None) -> tuple[Transcript, list[str]]:
    """What a SubRip or WebVTT file says, in order of time, and notes on what was left out. Utterances have no
    words; their text keeps its breaks of lines.

    Raises `MediaError` naming the line for a file that is neither, that is broken, or that is too large.
    """
    if len(data) > MAX_BYTES:
        raise MediaError(f"A caption file has at most {MAX_BYTES >> 20} MiB.")
    lines = _DOUBLED.sub("\n", decoded(data).lstrip("\ufeff")).splitlines()
    web = bool(lines) and lines[0].split()[:1] == ["WEBVTT"]
    cues, timeless = [], 0
    for number, text, start, end in _cues(lines[1:] if web else lines, 2 if web else 1, web=web):
        if len(text) > 4 * MAX_LETTERS or len(plain := clean(without_markup(text))) > MAX_LETTERS:
            raise MediaError(f"Line {number} of the captions begins a text of over {MAX_LETTERS} characters.")
        if end <= start:
            timeless += 1
        elif plain:
            cues.append(Utterance(text=plain, start=start, end=end))
        if len(cues) > MAX_CUES:
            raise MediaError(f"A caption file has at most {MAX_CUES} captions.")
    if not cues:
        raise MediaError("There are no captions in this file: it is neither SubRip nor WebVTT, or empty.")
    notes = [f"{timeless} captions end before they begin and are left out."] if timeless else []
    cues.sort(key=lambda cue: cue.start)
    end = max(cue.end for cue in cues)
    return Transcript(language=language or "und", duration=end, utterances=cues), notes


def _cues(lines: list[str], first: int, *, web: bool) -> Iterator[tuple[int, str, float, float]]:
    """(line, raw text, start, end) of each cue."""
    held: tuple[int, list[str], float, float] | None = None
    for block in _blocks(lines, first):
        if web and block.lines[0].startswith(("NOTE ", "NOTE\t")):
            continue
        at = next((i for i, line in enumerate(block.lines[:2]) if "-->" in line), None)
        if at is None:
            counter = block.lines[0].strip().isdigit()
            if not web and held is None and not (counter and len(block.lines) == 1):
                raise MediaError(_bad(block.number, block.lines[0]))
            if not web and held is not None and not counter:
                held[1].extend(["", *block.lines])  # an empty line within a text
            continue
        if held is not None:
            yield held[0], "\n".join(held[1]), held[2], held[3]
        found = _TIMES.match(block.lines[at])
        if found is None:
            raise MediaError(_bad(block.number + at, block.lines[at]))
        start, end = _seconds(found.groups()[:4]), _seconds(found.groups()[4:])
        held = (block.number + at, block.lines[at + 1 :], start, end)
    if held is not None:
        yield held[0], "\n".join(held[1]), held[2], held[3]


def _blocks(lines: list[str], first: int) -> Iterator[_Block]:
    """Also where a cue begins without an empty line before it."""
    block: _Block | None = None
    for number, line in enumerate(lines, first):
        if not line.strip():
            if block:
                yield block
            block = None
            continue
        if block and "-->" in line and any("-->" in earlier for earlier in block.lines):
            counter = block.lines.pop() if block.lines[-1].strip().isdigit() else None
            yield block
            block = _Block(number - 1, [counter]) if counter is not None else None
        block = block or _Block(number)
        block.lines.append(line)
    if block:
        yield block


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")


def _bad(number: int, line: str) -> str:
    shown = clean(line).replace("\n", " ")[:_SHOWN]
    return f"Line {number} of the captions is broken: times are expected, not '{shown}'."
