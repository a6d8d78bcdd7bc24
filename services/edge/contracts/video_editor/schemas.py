"""Bodies of the video editor contract, as its document words them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec

from libs.contracts.editor import EditStatus, Execution, QueuedEdit, Video
from libs.contracts.errors import InternalError

FAMILY = "video-editor"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all answers."""


class Record(Answer, frozen=True, kw_only=True):
    """A video. An uploaded one has an `original_file_path`, a made one a `processed_file_path` and what was
    asked under one of the three operations."""

    processed_file_path: str | None
    trim_info: dict[str, Any] | None
    concat_info: dict[str, Any] | None
    encode_info: dict[str, Any] | None
    original_file_path: str | None
    id: int


class Download(Answer, frozen=True, kw_only=True):
    """Where a made video is."""

    download_link: str


class Info(Answer, frozen=True, kw_only=True):
    """What is in a video: codecs (`audio_streams` is null without sound), `W:H` as displayed, frames a second
    (rounded)."""

    video_streams: str
    audio_streams: str | None
    resolution: str
    frame_rate: int


class Queued(Answer, frozen=True, kw_only=True):
    """A job in the queue. `video_id` is reserved for its result: later jobs of the same queue may use it."""

    message: str
    job_id: int
    video_id: int


class Executed(Answer, frozen=True, kw_only=True):
    """The whole queue was executed; `video_ids` are its results."""

    message: str
    execution_id: str
    video_ids: list[int]


class Accepted(Answer, frozen=True, kw_only=True):
    """The queue is being executed; `links` lead to its state."""

    message: str
    execution_id: str
    links: dict[str, str]


class FailedJob(Answer, frozen=True, kw_only=True):
    """A job that failed, and why."""

    job_id: int
    video_id: int
    operation: str
    error: str


class Failed(Answer, frozen=True, kw_only=True):
    """Jobs of an executed queue failed; the results of the others are there."""

    detail: str
    failed: list[FailedJob]
    execution_id: str


class ExecutedJob(Answer, frozen=True, kw_only=True):
    """`state` is `executing`, `completed` or `failed`; what follows the error is there when the result is.

    `method` is `copy` (all packets of the pictures are the source's own), `smart` (`copied_packets` are,
    `encoded_frames` around the cuts are not) or `encode`; `notes` say what could not be kept."""

    job_id: int
    video_id: int
    operation: str
    state: str
    error: str | None
    download_link: str | None
    method: str | None
    copied_packets: int | None
    encoded_frames: int | None
    notes: list[str]


class ExecutionState(Answer, frozen=True, kw_only=True):
    """`state` is `pending`, `processing`, `completed`, `failed` or `cancelled`; `progress` 0…100."""

    execution_id: str
    state: str
    progress: float
    error: str | None
    created_at: str
    updated_at: str
    jobs: list[ExecutedJob]


def record_of(video: Video) -> Record:
    """The record of a stored video; paths begin with a dot as the document has them."""
    asked = {video.operation: video.request}
    path = f".{video.path}"
    return Record(
        processed_file_path=path if video.operation else None,
        trim_info=asked.get("trim"),
        concat_info=asked.get("concat"),
        encode_info=asked.get("encode"),
        original_file_path=None if video.operation else path,
        id=video.video_id,
    )


def info_of(video: Video) -> Info:
    """Raises `InternalError` when nothing is known of its pictures, which no stored video should come to."""
    if video.info is None or video.info.video is None:
        raise InternalError("The information about this video cannot be had.")
    pictures, sound = video.info.video, video.info.audio
    return Info(
        video_streams=pictures.codec,
        audio_streams=sound[0].codec if sound else None,
        resolution=f"{pictures.display_width}:{pictures.display_height}",
        frame_rate=round(Fraction(pictures.frame_rate)),
    )


def queued_of(name: str, queued: QueuedEdit) -> Queued:
    """`name` is the document's word for the operation."""
    return Queued(message=f"{name} job added to queue", job_id=queued.edit_id, video_id=queued.video_id)


def executed_of(request_code: str, execution: Execution) -> Executed:
    return Executed(
        message=f"All pending jobs for request_code {request_code} executed successfully",
        execution_id=str(execution.job.job_id),
        video_ids=[edit.video_id for edit in execution.edits],
    )


def accepted_of(request_code: str, execution: Execution, link: str) -> Accepted:
    """`link` leads to the state of the execution."""
    return Accepted(
        message=f"Pending jobs for request_code {request_code} are being executed",
        execution_id=str(execution.job.job_id),
        links={"execution": link},
    )


def failed_of(execution: Execution) -> Failed:
    """`detail` names every job that failed, and why; of a cancelled execution, that it was cancelled."""
    failed = [
        FailedJob(
            job_id=edit.edit_id,
            video_id=edit.video_id,
            operation=edit.operation,
            error=_why(edit) or "Unknown",
        )
        for edit in execution.edits
        if edit.state == "failed"
    ]
    said = "; ".join(f"job {each.job_id} ({each.operation}) failed: {each.error}" for each in failed)
    general = _error_of(execution) or "The execution failed."
    return Failed(
        detail=said[:1].upper() + said[1:] or general, failed=failed, execution_id=str(execution.job.job_id)
    )


def state_of(execution: Execution, link: Callable[[str], str]) -> ExecutionState:
    """`link` makes a link of a public path."""
    job = execution.job
    return ExecutionState(
        execution_id=str(job.job_id),
        state=job.state.value,
        progress=job.progress,
        error=_error_of(execution),
        created_at=job.created_at.isoformat(),
        updated_at=job.updated_at.isoformat(),
        jobs=[_job_of(edit, link) for edit in execution.edits],
    )


def _job_of(edit: EditStatus, link: Callable[[str], str]) -> ExecutedJob:
    made = edit.made
    return ExecutedJob(
        job_id=edit.edit_id,
        video_id=edit.video_id,
        operation=edit.operation,
        state=edit.state,
        error=_why(edit),
        download_link=link(edit.path) if edit.path else None,
        method=made.method if made else None,
        copied_packets=made.copied_packets if made else None,
        encoded_frames=made.encoded_frames if made else None,
        notes=made.notes if made else [],
    )


def _why(edit: EditStatus) -> str | None:
    return edit.error.message if edit.error else None


def _error_of(execution: Execution) -> str | None:
    if execution.job.state.value == "cancelled":
        return "The execution was cancelled."
    return execution.job.error.message if execution.job.error else None
