"""The encodings of our own commands, for the bare ones that they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

NAMES = (
    "-c:v",
    "-crf:v",
    "-preset:v",
    "-profile:v",
    "-pix_fmt:v",
    "-r:v",
    "-c:a:0",
    "-b:a:0",
    "-ar:a:0",
    "-ac:a:0",
)


def encodings(argv: Sequence[str]) -> list[str]:
    """Codecs and their options out of a command of ours, in an MP4 that begins to play at once."""
    pairs = [(name, value) for name, value in pairwise(argv) if name in NAMES]
    return [text for pair in pairs for text in pair] + ["-movflags", "+faststart"]
