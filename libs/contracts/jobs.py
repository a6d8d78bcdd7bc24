"""Jobs: what a request becomes. Specs, states, and the events that everything watches."""

from __future__ import annotations

from enum import Enum
from typing import Any, Union
from uuid import UUID

from libs.contracts.base import Event, Message, Signal, Timestamp
from libs.contracts.media import StoredMedia
from libs.contracts.movie import Movie
from libs.contracts.tasks import TaskResult
from libs.contracts.video_edit import Wanted


class EnhanceSpec(Message, frozen=True, kw_only=True, tag="enhance"):
    """Denoise, correct levels and sharpen; keep sound, duration, frame rate and orientation."""

    asset_id: UUID


class ExtractMetadataSpec(Message, frozen=True, kw_only=True, tag="extract_metadata"):
    """Extract metadata and colour."""

    asset_id: UUID


class PreviewSpec(Message, frozen=True, kw_only=True, tag="preview"):
    """Make the preview of a Motion Photo session."""

    asset_id: UUID
    session_id: UUID


class MotionPhotoSpec(Message, frozen=True, kw_only=True, tag="motion_photo"):
    """Make a Motion Photo; see `MakeMotionPhoto`, which has checked all of it."""

    asset_id: UUID
    session_id: UUID
    range_start: float
    range_end: float
    cover_time: float
    speed: float
    device: str


class VideoEditSpec(Message, frozen=True, kw_only=True, tag="video_edit"):
    """Bring a video to a length, a size and a loudness: a stored one (`source`) or the one at `url`, exactly
    one of them. `given` is the request as its user wrote it, to be shown to him again."""

    wanted: Wanted
    source: StoredMedia | None = None
    url: str | None = None
    given: dict[str, Any] = {}


class ComposeSpec(Message, frozen=True, kw_only=True, tag="compose"):
    """Make `movie`. `given` is the request as its user wrote it, to be shown to him again. `speech_model`,
    with which speech is recognised, is filled in by jobs."""

    movie: Movie
    given: dict[str, Any] = {}
    speech_model: str = ""


class EditQueueSpec(Message, frozen=True, kw_only=True, tag="edit_queue"):
    """Make the videos of an edit queue; made by executing the queue, never submitted."""

    request_code: str
    video_ids: list[int]


JobSpec = Union[  # noqa: UP007  (evaluated by msgspec)
    EnhanceSpec, ExtractMetadataSpec, PreviewSpec, MotionPhotoSpec, VideoEditSpec, ComposeSpec, EditQueueSpec
]


class JobState(Enum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class StepState(Enum):
    """Of one task of a job, as others see it."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobError(Message, frozen=True, kw_only=True):
    """Why a job failed: a stable code, and words for the user."""

    code: str
    message: str


class Job(Message, frozen=True, kw_only=True):
    """A job as others see it.

    `key` is the submitter's own name for it, unique for the owner; `kind` is the tag of its spec;
    `channel` the WebSocket channel that follows it. `progress` is 0…100 and never falls while the job
    lives. `result` is what the last task of its plan produced. `asset_id` is missing where there is no one
    input.
    """

    job_id: UUID
    key: str
    owner: str
    family: str
    kind: str
    state: JobState
    progress: float
    created_at: Timestamp
    updated_at: Timestamp
    asset_id: UUID | None = None
    channel: str | None = None
    error: JobError | None = None
    result: TaskResult | None = None


class JobEvent(Message, frozen=True, kw_only=True):
    """The state of the job right after the fact that the subject names."""

    job: Job


class JobCreated(JobEvent, frozen=True, kw_only=True):
    """A job was accepted. It may have ended already, when its result was known."""


class JobCompleted(JobEvent, frozen=True, kw_only=True):
    """All tasks of a job are done; `job.result` is there."""


class JobFailed(JobEvent, frozen=True, kw_only=True):
    """A task of a job will not be completed; `job.error` says why."""


class JobCancelled(JobEvent, frozen=True, kw_only=True):
    """Its owner does not want a job any more."""


class JobProgressed(JobEvent, frozen=True, kw_only=True):
    """A job began, or is further than before."""


JOB_CREATED = Event("job.created", 1, JobCreated)
JOB_COMPLETED = Event("job.completed", 1, JobCompleted)
JOB_FAILED = Event("job.failed", 1, JobFailed)
JOB_CANCELLED = Event("job.cancelled", 1, JobCancelled)
JOB_PROGRESS = Signal("job.progress", JobProgressed)
