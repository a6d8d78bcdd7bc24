"""What a file is read from: its bytes, or a map of it, of which only what is looked at is ever in memory."""

from __future__ import annotations

from mmap import mmap

Data = bytes | mmap
"""Slices of both are copies."""


def stands_at(data: Data, at: int, expected: bytes) -> bool:
    return data[at : at + len(expected)] == expected
