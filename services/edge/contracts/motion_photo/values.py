"""From the fields of forms and bodies to values. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from libs.contracts.errors import InvalidInputError, NotFoundError
from services.edge.contracts.motion_photo.ends import CLOSED

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SESSION = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_MAX_DIGITS = 100
_MAX_STEM = 80

Fields = Mapping[str, Any]


def text(fields: Fields, name: str) -> str:
    """Raises `InvalidInputError` unless there is one."""
    found = fields.get(name)
    if found is None or found == "":
        raise InvalidInputError(f"The field {name} is missing.")
    if not isinstance(found, str):
        raise InvalidInputError(f"The field {name} must be a text.")
    return found


def number(fields: Fields, name: str) -> float:
    """A finite number, perhaps as text. Raises `InvalidInputError`."""
    found = fields.get(name)
    if found is None or found == "":
        raise InvalidInputError(f"The field {name} is missing.")
    value = math.nan
    if isinstance(found, str):
        found = found.strip()
        if len(found) <= _MAX_DIGITS and _NUMBER.fullmatch(found):
            value = float(found)
    elif isinstance(found, (int, float)) and not isinstance(found, bool):
        try:
            value = float(found)
        except OverflowError:
            value = math.inf
    if not math.isfinite(value):
        raise InvalidInputError(f"The field {name} must be a number.")
    return value


def session_id_of(fields: Fields) -> UUID:
    """Raises `InvalidInputError` where there is no id, `NotFoundError` for what no session is called."""
    return _session_id(text(fields, "session_id"))


def preview_of(name: str) -> UUID:
    """The session whose preview is called `name`. Raises `NotFoundError`."""
    stem, dot, extension = name.rpartition(".")
    if dot + extension != ".mp4":
        raise NotFoundError("There is no such preview.")
    return _session_id(stem)


def _session_id(text: str) -> UUID:
    if not _SESSION.fullmatch(text):
        raise NotFoundError(CLOSED)
    return UUID(text)


def photo_name(source: str) -> str:
    """What the Motion Photo of a file called `source` is called: readers want it to end in `MP.jpg`."""
    stem = PurePosixPath(source).stem.strip(". ")[:_MAX_STEM]
    return f"{stem or 'motion_photo'}_MP.jpg"
