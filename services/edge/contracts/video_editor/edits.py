"""From bodies to edits. Pure; errors of form are raised before anything is looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from libs.contracts.editor import ConcatEdit, Edit, EncodeEdit, TrimEdit
from libs.contracts.errors import InvalidInputError
from libs.media.timecode import parse_time
from services.edge.contracts.video_editor.fields import existing, integer, text, to_integer

MAX_INPUTS = 100
"""Videos of one concat."""
_CODEC = re.compile(r"[A-Za-z0-9_.+-]{1,64}", re.ASCII)
_RESOLUTION = re.compile(r"([0-9]{1,5})[:xX]([0-9]{1,5})", re.ASCII)
_SIZES = range(16, 8193, 2)
_RATES = range(1, 121)

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """`shown` is what the records of the result will tell: the documented fields, with defaults, in their
    documented types."""

    request_code: str
    edit: Edit
    shown: dict[str, Any]


def request_code_of(body: Body) -> str:
    """Raises `InvalidInputError`."""
    return text(body, "request_code")


def trim_of(body: Body) -> Wanted:
    """Raises `InvalidInputError`; `NotFoundError` for an id that nothing can have."""
    code, video_id = request_code_of(body), integer(body, "video_id")
    start, end = text(body, "trim_start"), text(body, "trim_end")
    first, last = _time(start, "trim_start"), _time(end, "trim_end")
    if last <= first:
        raise InvalidInputError("trim_end must be later than trim_start.")
    return Wanted(
        code,
        TrimEdit(video_id=existing(video_id), start=first, end=last),
        {"video_id": video_id, "trim_start": start, "trim_end": end},
    )


def concat_of(body: Body) -> Wanted:
    """Raises as `trim_of`."""
    code, found = request_code_of(body), body.get("video_ids")
    if not isinstance(found, list):
        raise InvalidInputError("The field video_ids must be a list of integers.")
    if not 0 < len(found) <= MAX_INPUTS:
        raise InvalidInputError(f"The field video_ids must hold 1 to {MAX_INPUTS} ids.")
    ids = [to_integer(each, "video_ids") for each in found]
    return Wanted(code, ConcatEdit(video_ids=[existing(each) for each in ids]), {"video_ids": ids})


def encode_of(body: Body) -> Wanted:
    """Raises as `trim_of`."""
    code, video_id = request_code_of(body), integer(body, "video_id")
    video_codec, audio_codec = _codec(body, "video_codec", "libx264"), _codec(body, "audio_codec", "aac")
    resolution, rate = text(body, "resolution", "1920:1080"), integer(body, "frame_rate", 30)
    width, height = _resolution(resolution)
    if rate not in _RATES:
        raise InvalidInputError("The frame_rate must be 1 to 120.")
    edit = EncodeEdit(
        video_id=existing(video_id),
        video_codec=video_codec.lower(),
        audio_codec=audio_codec.lower(),
        width=width,
        height=height,
        frame_rate=rate,
    )
    shown = {
        "video_id": video_id,
        "video_codec": video_codec,
        "audio_codec": audio_codec,
        "resolution": resolution,
        "frame_rate": rate,
    }
    return Wanted(code, edit, shown)


def _time(value: str, name: str) -> float:
    try:
        return parse_time(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"{name}: {error.message}") from error


def _codec(body: Body, name: str, default: str) -> str:
    found = text(body, name, default)
    if not _CODEC.fullmatch(found):
        raise InvalidInputError(f"There is no such {name}: {found}")
    return found


def _resolution(value: str) -> tuple[int, int]:
    found = _RESOLUTION.fullmatch(value)
    if found is not None:
        width, height = int(found[1]), int(found[2])
        if width in _SIZES and height in _SIZES:
            return width, height
    raise InvalidInputError(f"The resolution must be W:H, both even and 16 to 8192: {value}")
