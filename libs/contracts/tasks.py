"""Tasks: units of work for one worker service, their results, and what workers tell about them."""

from __future__ import annotations

from typing import Union
from uuid import UUID

from libs.contracts.base import Event, Message, Signal
from libs.contracts.captions import CaptionSection
from libs.contracts.graph import Output
from libs.contracts.media import Asset, MediaInfo, ObjectRef
from libs.contracts.video_edit import Analysis, Wanted

KINDS = ("video", "image", "audio", "text")
"""What a fetched file has to be: a video, a picture (or an animation), something with sound, or text."""

RESULTS = "results"
"""The folder in storage of artifacts that are kept."""

INTERACTIVE, BATCH = LANES = ("interactive", "batch")


class RenderTask(Message, frozen=True, kw_only=True, tag="render"):
    """Execute a render graph; the artifact is named `file_name`."""

    graph: Output
    file_name: str


class MetadataTask(Message, frozen=True, kw_only=True, tag="metadata"):
    """Extract metadata and colour from a video; the artifact is a JSON `Metadata`."""

    source: ObjectRef
    info: MediaInfo


class PreviewTask(Message, frozen=True, kw_only=True, tag="preview"):
    """Render the preview of a Motion Photo session; the artifact is `sessions/{session_id}/…/preview.mp4`,
    the result a `RenderResult`."""

    session_id: UUID
    graph: Output


class MotionPhotoTask(Message, frozen=True, kw_only=True, tag="motion_photo"):
    """Make a Motion Photo: `clip` is its video, the frame at `cover_time` seconds of `source` its picture,
    which the video shows `presentation_us` microseconds after its start. `device` adds what one maker's
    gallery looks for."""

    session_id: UUID
    source: ObjectRef
    info: MediaInfo
    clip: Output
    cover_time: float
    presentation_us: int
    device: str


class FetchTask(Message, frozen=True, kw_only=True, tag="fetch"):
    """Download `url`, which nobody vouches for, as a medium of `owner` that is of use as a `kind` (one of
    `KINDS`). It is done for this one job: the same URL may hold something else tomorrow. `label` names what
    it is for to the user, where a job has several; `plain` allows `http://` too."""

    url: str
    owner: str
    job_id: UUID
    kind: str = "video"
    label: str = ""
    plain: bool = False


class EditAnalysisTask(Message, frozen=True, kw_only=True, tag="edit_analysis"):
    """Find out what an edit must know of its source before it can be planned."""

    source: ObjectRef
    info: MediaInfo
    wanted: Wanted


class ListenTask(Message, frozen=True, kw_only=True, tag="listen"):
    """Find out how long the sound of a medium really is."""

    source: ObjectRef
    info: MediaInfo


class RecogniseTask(Message, frozen=True, kw_only=True, tag="recognise"):
    """Recognise what is said in the sound of a medium, with the `model` of that name (that of the settings
    which jobs and speech share); the artifact is a JSON `Transcript`. Without a `language` (a code of ISO
    639) it is detected."""

    source: ObjectRef
    info: MediaInfo
    model: str
    language: str | None = None


class CaptionTask(Message, frozen=True, kw_only=True, tag="captions"):
    """Write the captions of a movie of `width` x `height` pixels: as ASS to be drawn, and as SubRip, WebVTT
    and a JSON `Transcript` to be kept beside it."""

    width: int
    height: int
    sections: list[CaptionSection]


TaskSpec = Union[  # noqa: UP007  (evaluated by msgspec)
    RenderTask,
    MetadataTask,
    PreviewTask,
    MotionPhotoTask,
    FetchTask,
    EditAnalysisTask,
    ListenTask,
    RecogniseTask,
    CaptionTask,
]

SERVICE_OF: dict[type, str] = {
    RenderTask: "transcode",
    MetadataTask: "analyze",
    PreviewTask: "sessions",
    MotionPhotoTask: "sessions",
    FetchTask: "ingest",
    EditAnalysisTask: "analyze",
    ListenTask: "analyze",
    RecogniseTask: "speech",
    CaptionTask: "speech",
}
"""Which worker service executes a task."""


class TaskHeader(Message, frozen=True, kw_only=True):
    """What every version of a `Task` can be recognised by, when the rest of it makes no sense here."""

    task_id: UUID
    job_id: UUID


class Task(TaskHeader, frozen=True, kw_only=True):
    """What is on the TASKS stream. `fingerprint` is the content address of the work and names its
    artifacts; `time_limit` is seconds of work, after which the attempt fails."""

    owner: str
    fingerprint: str
    spec: TaskSpec
    time_limit: float = 3600.0


class RenderResult(Message, frozen=True, kw_only=True, tag="render"):
    """`info` is a probe of the artifact itself; `notes` say what was not kept or looked damaged.

    `method` is `copy` (all packets are the sources' own), `smart` (`copied_packets` of the pictures are,
    `encoded_frames` around the cuts are not) or `encode`.
    """

    artifact: ObjectRef
    info: MediaInfo
    notes: list[str] = []
    method: str = "encode"
    copied_packets: int = 0
    encoded_frames: int = 0


class MetadataResult(Message, frozen=True, kw_only=True, tag="metadata"):
    """`artifact` is the stored JSON `Metadata`."""

    artifact: ObjectRef


class MotionPhotoResult(Message, frozen=True, kw_only=True, tag="motion_photo"):
    """`artifact` is the JPEG of `width` x `height` pixels with the video in its last `video_size` bytes
    (before a maker's trailer)."""

    artifact: ObjectRef
    width: int
    height: int
    video_size: int


class FetchResult(Message, frozen=True, kw_only=True, tag="fetch"):
    """`asset` is what was at the URL, with a video that decodes."""

    asset: Asset


class EditAnalysisResult(Message, frozen=True, kw_only=True, tag="edit_analysis"):
    """Nothing is stored: `analysis` is all of it."""

    analysis: Analysis


class ListenResult(Message, frozen=True, kw_only=True, tag="listen"):
    """Nothing is stored: `duration` is seconds of sound that decode, from the start of the file."""

    duration: float


class RecogniseResult(Message, frozen=True, kw_only=True, tag="recognise"):
    """`artifact` is the stored `Transcript`; `words` counts them."""

    artifact: ObjectRef
    language: str
    words: int


class CaptionResult(Message, frozen=True, kw_only=True, tag="captions"):
    """`artifact` is the ASS; `language` that of most words (`und` without any), `words` their number; `notes`
    tell the user what could not be kept (a font that is not installed, letters that no font has)."""

    artifact: ObjectRef
    subrip: ObjectRef
    webvtt: ObjectRef
    transcript: ObjectRef
    language: str
    words: int
    notes: list[str] = []


TaskResult = Union[  # noqa: UP007  (evaluated by msgspec)
    RenderResult,
    MetadataResult,
    MotionPhotoResult,
    FetchResult,
    EditAnalysisResult,
    ListenResult,
    RecogniseResult,
    CaptionResult,
]


class TaskCompleted(Message, frozen=True, kw_only=True):
    """The work is done and its artifacts are stored."""

    task_id: UUID
    job_id: UUID
    fingerprint: str
    result: TaskResult


class TaskFailed(Message, frozen=True, kw_only=True):
    """The task will not be tried again. `attempts` counts the deliveries that were made."""

    task_id: UUID
    job_id: UUID
    code: str
    message: str
    attempts: int


class TaskStopped(Message, frozen=True, kw_only=True):
    """An attempt was stopped, because its work is not wanted any more, after it had begun to store these
    objects."""

    task_id: UUID
    job_id: UUID
    fingerprint: str
    keys: list[str]


TASK_COMPLETED = Event("task.completed", 1, TaskCompleted)
TASK_FAILED = Event("task.failed", 1, TaskFailed)
TASK_STOPPED = Event("task.stopped", 1, TaskStopped)


class TaskProgress(Message, frozen=True, kw_only=True):
    """`fraction` is 0…1 of this attempt's work."""

    task_id: UUID
    job_id: UUID
    fraction: float


class CancelTasks(Message, frozen=True, kw_only=True):
    """Whoever runs one of these stops at once."""

    task_ids: list[UUID]


TASK_PROGRESS = Signal("task.progress", TaskProgress)
CANCEL_TASKS = Signal("task.cancel", CancelTasks)
