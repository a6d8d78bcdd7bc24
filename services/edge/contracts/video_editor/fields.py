"""Fields of bodies and queries: numbers as text and text as numbers are understood, nonsense is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from libs.contracts.errors import InvalidInputError, NotFoundError

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
_MAX_ID = (1 << 63) - 1
_MAX_TEXT = 200


def text(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A field of 1…200 printable characters. Raises `InvalidInputError`."""
    value = body.get(name)
    if value is None:
        if default is None:
            raise InvalidInputError(f"The field {name} is missing.")
        return default
    found = _as_text(value)
    if found is None:
        raise InvalidInputError(f"The field {name} must be a string.")
    if not found or len(found) > _MAX_TEXT or not found.isprintable():
        raise InvalidInputError(f"The field {name} must have 1 to {_MAX_TEXT} printable characters.")
    return found


def integer(body: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """A field that is a whole number, of any size. Raises `InvalidInputError`."""
    value = body.get(name)
    if value is None:
        if default is None:
            raise InvalidInputError(f"The field {name} is missing.")
        return default
    return to_integer(value, name)


def to_integer(value: object, name: str) -> int:
    """`13`, `"13"` and `13.0`. Raises `InvalidInputError`, which tells of `name`."""
    match value:
        case bool():
            pass
        case int():
            return value
        case float() if value.is_integer():
            return int(value)
        case str() if _INTEGER.fullmatch(value):
            return int(value)
    raise InvalidInputError(f"The field {name} must be an integer.")


def existing(video_id: int) -> int:
    """An id that a video may have. Raises `NotFoundError` for every other number."""
    if not 0 < video_id <= _MAX_ID:
        raise NotFoundError("There is no video with this id.")
    return video_id


def _as_text(value: object) -> str | None:
    match value:
        case str():
            return value
        case bool():
            return None
        case float() if not value.is_integer():
            return f"{value:.6f}".rstrip("0").rstrip(".")
        case int() | float():
            return str(int(value))
    return None
