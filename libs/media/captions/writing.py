"""Captions as files to keep: SubRip and WebVTT."""

from __future__ import annotations

from collections.abc import Iterable

from libs.media.captions.grouping import Cue
from libs.media.captions.text import columns
from libs.media.captions.words import BREAK, Piece

_LINE = 42
"""Columns of a line."""


def subrip(cues: Iterable[Cue]) -> str:
    """Numbered from 1. An arrow in a text is another arrow, because readers take it for a time."""
    return "\n".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{text(cue).replace('-->', '→')}\n"
        for number, cue in enumerate(cues, 1)
    )


def webvtt(cues: Iterable[Cue]) -> str:
    """With what HTML escapes escaped."""
    blocks = (f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_html(text(cue))}\n" for cue in cues)
    return "\n".join(["WEBVTT\n", *blocks])


def text(cue: Cue) -> str:
    """The text of a caption, in lines of at most 42 columns where that can be, as many as they take."""
    if any(piece.before == BREAK for piece in cue.pieces[1:]):
        return "".join(_put(piece, index) for index, piece in enumerate(cue.pieces))
    whole = sum(columns(piece.before + piece.text) for piece in cue.pieces)
    aim, lines = whole / -(-whole // _LINE), [""]
    for piece in cue.pieces:
        if lines[-1] and columns(lines[-1]) + columns(piece.text) / 2 > aim:
            lines.append("")
        lines[-1] += piece.before + piece.text if lines[-1] else piece.text
    return "\n".join(lines)


def _put(piece: Piece, index: int) -> str:
    return piece.before + piece.text if index else piece.text


def _html(plain: str) -> str:
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"
