"""From the body of `POST /jobs` to what is wanted. The first problem is told. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from libs.contracts.video_edit import FITS, SELECTIONS, START, Wanted
from services.edge.contracts.jobs.errors import invalid
from services.edge.contracts.jobs.fields import Fields
from services.edge.contracts.jobs.schemas import VIDEO_EDIT
from services.edge.given import keepable, kept_size

DURATION, SIZE, LUFS = (5, 60), (16, 4096), (-70, -5)
"""Bounds of what a video is brought to: seconds, pixels, LUFS."""
MAX_PATH = 4096
MAX_BODY = 64 << 10
"""Bytes of a request for a job at most: it is kept with the job."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}", re.ASCII)
_MAX_SCRIPT = 10_000


@dataclass(frozen=True)
class NewEdit:
    """A VIDEO_EDIT: `given` is `input_data` as it came."""

    input_path: str
    wanted: Wanted
    given: dict[str, Any]


def new_edit_of(body: Mapping[str, Any]) -> NewEdit:
    """Raises `InvalidInputError`, also for types of jobs that are valid and not there yet."""
    fields = Fields(body)
    job_type = fields.choice("job_type", (VIDEO_EDIT, *_OTHERS))
    given = fields.mapping("input_data")
    data = Fields(given)  # named without input_data before them, as the document does
    if job_type in _OTHERS:
        _OTHERS[job_type](data)
        raise invalid("job_type", f"{job_type} is not available")
    found = _video_edit(data, given)
    if not keepable(given):
        raise invalid("input_data", "Value nests too deep, or holds a NUL or a number that is too large")
    if kept_size(given) > 2 * MAX_BODY:
        raise invalid("input_data", "Value has numbers that are too long when they are written in full")
    return found


def _video_edit(data: Fields, given: dict[str, Any]) -> NewEdit:
    input_path = data.text("input_path", most=MAX_PATH)
    wanted = Wanted(
        duration=float(data.number("target_duration", *DURATION, "seconds")),
        width=int(data.number("target_width", *SIZE, "pixels", even=True)),
        height=int(data.number("target_height", *SIZE, "pixels", even=True)),
        lufs=float(data.number("target_lufs", *LUFS, "LUFS")) if data.has("target_lufs") else None,
        fit=data.choice("fit", FITS, default=FITS[0]),
        selection=data.choice("selection", SELECTIONS, default=START),
    )
    return NewEdit(input_path, wanted, given)


def _avatar_create(data: Fields) -> None:
    data.text("input_path", most=MAX_PATH)
    data.text("avatar_type")
    style = data.inner("style")
    for name in ("style", "gender"):
        if style.has(name):
            style.text(name)
    if style.has("age"):
        style.number("age", 0, 150, "years")


def _avatar_generate(data: Fields) -> None:
    data.text("avatar_id")
    data.text("script", most=_MAX_SCRIPT)
    data.text("voice_id")
    if data.has("background"):
        background = data.inner("background")
        background.text("type")
        background.text("value", most=MAX_PATH)


def _video_translate(data: Fields) -> None:
    data.text("input_path", most=MAX_PATH)
    if not _LANGUAGE.fullmatch(data.text("target_language")):
        raise invalid("target_language", "Value must be a language such as es or pt-BR")
    if data.has("voice_id"):
        data.text("voice_id")
    options = data.inner("subtitle_options")
    options.flag("enabled", default=False)
    options.text("position", default="bottom")


_OTHERS: dict[str, Callable[[Fields], None]] = {
    "AVATAR_CREATE": _avatar_create,
    "AVATAR_GENERATE": _avatar_generate,
    "VIDEO_TRANSLATE": _video_translate,
}
"""Types of jobs that nobody executes yet: what they are asked is judged all the same."""
JOB_TYPES = (VIDEO_EDIT, *_OTHERS)
