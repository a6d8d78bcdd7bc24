"""What videos are made of: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from libs.contracts.editor import ConcatEdit, Edit, EncodeEdit, TrimEdit
from libs.contracts.errors import InvalidInputError
from libs.contracts.rpc import EncodingTrial
from libs.contracts.tasks import RenderTask
from libs.media import edit as algebra
from libs.media.edit import Clip
from libs.media.graph import validate

MAX_TASK = 600_000
"""Bytes of a task: a message can hold 900,000."""
TOO_MANY_PARTS = "This edit is made of too many parts. Execute the queue, then go on from its results."
_PIXELS_PER_SECOND = 1e8
_COPY_SPEED = 100.0
_OVERHEAD = 0.5


@dataclass(frozen=True)
class Input:
    """A video that an edit may be made of: `clip` as made from originals, `artifact` as it lies in storage
    once it does. `size` is about the bytes of the former in a task, `stem` begins the names of results."""

    video_id: int
    stem: str
    clip: Clip
    artifact: Clip | None
    size: int


@dataclass(frozen=True)
class Made:
    """What an edit will give; `size` is the bytes of its task."""

    clip: Clip
    size: int


def made_of(edit: Edit, inputs: Sequence[Input], trial: EncodingTrial | None) -> Made:
    """The result of `edit`, computed from originals where a task can hold that, else from the videos as they
    are stored. Raises `InvalidInputError` when the contract forbids the edit."""
    clip = _apply(edit, [each.clip for each in inputs], trial)
    try:
        return Made(clip, _size(clip, inputs))
    except InvalidInputError:
        clip = _apply(edit, [each.artifact or each.clip for each in inputs], trial)
        return Made(clip, _size(clip, [each for each in inputs if each.artifact is None]))


def _apply(edit: Edit, clips: Sequence[Clip], trial: EncodingTrial | None) -> Clip:
    match edit:
        case TrimEdit():
            return algebra.trim(clips[0], edit.start, edit.end)
        case ConcatEdit():
            return algebra.concat(clips)
        case EncodeEdit():
            assert trial is not None
            return algebra.encode(clips[0], edit, trial)


def task_of(clip: Clip, operation: str) -> RenderTask:
    """The work of making `clip`. Raises `InvalidInputError` when it cannot be done."""
    graph = algebra.render(clip)
    validate(graph)
    return RenderTask(graph=graph, file_name=f"{operation}.{graph.extension}")


def _size(clip: Clip, inputs: Sequence[Input]) -> int:
    """Bytes of the work of making `clip`, which contains `inputs`. Raises `InvalidInputError` when it is more
    than a task can hold."""
    if sum(each.size for each in inputs) <= 2 * MAX_TASK:  # more is not even worth counting
        size = len(msgspec.json.encode(task_of(clip, "video")))
        if size <= MAX_TASK:
            return size
    raise InvalidInputError(TOO_MANY_PARTS)


def effort(clip: Clip) -> float:
    """About the seconds that making `clip` takes."""
    seconds, video = clip.info.duration or 1.0, clip.info.video
    if clip.encoding is None or video is None:
        return _OVERHEAD + seconds / _COPY_SPEED
    pixels = video.display_width * video.display_height * _rate(video.frame_rate)
    return _OVERHEAD + seconds * pixels / _PIXELS_PER_SECOND


def _rate(frame_rate: str) -> float:
    try:
        return float(Fraction(frame_rate)) or 1.0
    except (ValueError, ZeroDivisionError):
        return 25.0
