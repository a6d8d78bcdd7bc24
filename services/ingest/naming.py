"""Storage keys from hostile file names."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from uuid import UUID

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+|\.{2,}")
_MAX_STEM = 80
_MAX_EXTENSION = 10


def display_name(name: str) -> str:
    """The last path component without control characters, at most 255 characters; `upload` when nothing
    is left. For display and metadata only: never part of a path."""
    cleaned = "".join(ch for ch in unicodedata.normalize("NFC", name) if unicodedata.category(ch)[0] != "C")
    return cleaned.replace("\\", "/").rsplit("/", 1)[-1].strip()[:255] or "upload"


def extension(name: str) -> str:
    """Lower-case extension of a file name without its dot: letters and digits, at most ten; else empty."""
    suffix = PurePosixPath(name).suffix[1:].lower()
    return suffix if suffix.isascii() and suffix.isalnum() and len(suffix) <= _MAX_EXTENSION else ""


def upload_key(asset_id: UUID, name: str) -> str:
    """Where an upload is stored, e.g. `uploads/0190…/holiday.mp4`. ASCII letters, digits, `._-` only, and
    never two dots together."""
    stem = _UNSAFE.sub("_", PurePosixPath(name).stem).strip("._-")[:_MAX_STEM].rstrip(".") or "original"
    suffix = extension(name)
    return f"uploads/{asset_id}/{stem}" + (f".{suffix}" if suffix else "")
