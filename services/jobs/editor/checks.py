"""What a queued edit must look like, before any video is looked at."""

from __future__ import annotations

import math
import re

import msgspec

from libs.contracts.editor import ConcatEdit, Edit, EncodeEdit, QueueEdit, TrimEdit
from libs.contracts.errors import InvalidInputError

MAX_INPUTS = 100
_MAX_CODE = 200
_MAX_REQUEST = 16_384
_MAX_CODEC = 64
_SIDES = range(16, 8193)
_RATES = range(1, 121)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""U+0000 in JSON: no database takes it."""


def check_request(request: QueueEdit) -> None:
    """Raises `InvalidInputError` saying what is wrong."""
    check_code(request.request_code)
    asked = msgspec.json.encode([request.request, request.edit])
    if len(asked) > _MAX_REQUEST or _NUL.search(asked):
        raise InvalidInputError("This request is too long, or holds characters that no text has.")
    match request.edit:
        case TrimEdit(start=start, end=end):
            _check_times(start, end)
        case ConcatEdit(video_ids=video_ids):
            if not 1 <= len(video_ids) <= MAX_INPUTS:
                raise InvalidInputError(f"Between 1 and {MAX_INPUTS} videos can be concatenated.")
        case EncodeEdit():
            _check_encoding(request.edit)


def check_code(code: str) -> None:
    """Raises `InvalidInputError` unless `code` has 1…200 printable characters."""
    if not (1 <= len(code) <= _MAX_CODE and code.isprintable()):
        raise InvalidInputError(f"A request_code has 1 to {_MAX_CODE} printable characters.")


def _check_times(start: float, end: float) -> None:
    if not (math.isfinite(start) and math.isfinite(end) and start >= 0):
        raise InvalidInputError("Times must not be negative.")
    if end <= start:
        raise InvalidInputError("The end must be after the start.")


def _check_encoding(edit: EncodeEdit) -> None:
    for codec in (edit.video_codec, edit.audio_codec):
        if not (1 <= len(codec) <= _MAX_CODEC and codec.isprintable()):
            raise InvalidInputError("This is no name of a codec.")
    for side in (edit.width, edit.height):
        if side not in _SIDES or side % 2:
            raise InvalidInputError("Width and height must be even numbers between 16 and 8192.")
    if edit.frame_rate not in _RATES:
        raise InvalidInputError("The frame rate must be between 1 and 120.")


def inputs_of(edit: Edit) -> list[int]:
    """Ids of the videos that it is made of, in order."""
    return list(edit.video_ids) if isinstance(edit, ConcatEdit) else [edit.video_id]
