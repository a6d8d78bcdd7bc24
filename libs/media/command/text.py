"""Subtitle files on their way into pictures."""

from __future__ import annotations

import re
from pathlib import Path

TEXT_FORMATS = ("srt", "webvtt", "ass")
"""ffmpeg demuxers of files that hold nothing but text; any other that a file looks like is refused."""


def to_ass(text: Path, destination: Path) -> list[str]:
    """The arguments of ffmpeg that write `text` (SubRip, WebVTT or ASS, in UTF-8) as ASS, which is what
    `compile` wants of a subtitle file."""
    allowed = ["-format_whitelist", ",".join(TEXT_FORMATS), "-protocol_whitelist", "file"]
    written = ["-map", "0:s:0", "-c:s", "ass", "-f", "ass", f"file:{destination.absolute()}"]
    return ["-y", *allowed, "-i", f"file:{text.absolute()}", *written]


_DRAWN = (b"[script info]", b"[v4 styles]", b"[v4+ styles]", b"[events]")


def without_attachments(script: bytes) -> bytes:
    """ASS without the sections that hold no text: a file may bring its own fonts, which would be parsed like
    any other."""
    kept, drawn = [], True
    for line in re.split(rb"[\r\n]+", script):
        start = line.strip(b"\xef\xbb\xbf \t").lower()
        if start.startswith(b"["):
            drawn = start.startswith(_DRAWN)
        if drawn:
            kept.append(line)
    return b"\n".join(kept)
