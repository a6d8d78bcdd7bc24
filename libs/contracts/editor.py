"""The video editor: numbered videos, and queues of edits that are executed as one job."""

from __future__ import annotations

from typing import Any, Union
from uuid import UUID

from libs.contracts.base import Message, Method, Timestamp
from libs.contracts.jobs import Job, JobError
from libs.contracts.media import MediaInfo, ObjectRef


class TrimEdit(Message, frozen=True, kw_only=True, tag="trim"):
    """The part of a video from `start` to `end` seconds."""

    video_id: int
    start: float
    end: float


class ConcatEdit(Message, frozen=True, kw_only=True, tag="concat"):
    """Videos one after the other; the same one may occur again."""

    video_ids: list[int]


class EncodeEdit(Message, frozen=True, kw_only=True, tag="encode"):
    """A video in other codecs (encoders or codec families), `width` x `height` pixels, `frame_rate` frames a
    second."""

    video_id: int
    video_codec: str
    audio_codec: str
    width: int
    height: int
    frame_rate: int


Edit = Union[TrimEdit, ConcatEdit, EncodeEdit]  # noqa: UP007  (evaluated by msgspec)


class Video(Message, frozen=True, kw_only=True):
    """A video that is there. `path` is its public path (`/storage/origin/…`, `/storage/modi/…`); of results
    `operation` (the tag of an `Edit`) and `request` are what was asked, as it was asked. `object` and `info`
    are left out of lists."""

    video_id: int
    path: str
    created_at: Timestamp
    operation: str | None = None
    request: dict[str, Any] | None = None
    object: ObjectRef | None = None
    info: MediaInfo | None = None


class VideoList(Message, frozen=True, kw_only=True):
    """In order of ids, or of the request."""

    videos: list[Video]


class RegisterVideos(Message, frozen=True, kw_only=True):
    """Give numbers and paths to assets of `owner` that hold video: all or none. An asset that has a number
    keeps it."""

    owner: str
    asset_ids: list[UUID]


class GetVideo(Message, frozen=True, kw_only=True):
    """Not found unless it is there and belongs to `owner`."""

    video_id: int
    owner: str


class FindVideo(Message, frozen=True, kw_only=True):
    """As `GetVideo`, by its public path."""

    path: str
    owner: str


class ListVideos(Message, frozen=True, kw_only=True):
    """Videos of `owner` in order of ids. At most 1,000."""

    owner: str
    offset: int = 0
    limit: int = 100


class QueueEdit(Message, frozen=True, kw_only=True):
    """Add an edit to the queue of `request_code`. Its inputs are videos that are there, or results of edits
    that wait in the same queue. `request` is kept to be shown with the result."""

    owner: str
    request_code: str
    edit: Edit
    request: dict[str, Any]


class QueuedEdit(Message, frozen=True, kw_only=True):
    """`video_id` is reserved for the result."""

    edit_id: int
    video_id: int


class ExecuteQueue(Message, frozen=True, kw_only=True):
    """Make everything that waits in the queue into one job; a conflict when nothing does."""

    owner: str
    request_code: str


class GetExecution(Message, frozen=True, kw_only=True):
    """An earlier execution, by its job."""

    owner: str
    job_id: UUID


class Made(Message, frozen=True, kw_only=True):
    """How a result was made, as its `RenderResult` says."""

    method: str
    copied_packets: int
    encoded_frames: int
    notes: list[str] = []


class EditStatus(Message, frozen=True, kw_only=True):
    """One edit of an execution; `state` is `executing`, `completed` or `failed`, with the reason then.
    `path` and `made` are those of the result that is there."""

    edit_id: int
    video_id: int
    operation: str
    state: str
    error: JobError | None = None
    path: str | None = None
    made: Made | None = None


class Execution(Message, frozen=True, kw_only=True):
    """The job of an executed queue and its edits, in order of ids."""

    job: Job
    edits: list[EditStatus]


REGISTER_VIDEOS = Method("rpc.jobs.register_videos", RegisterVideos, VideoList, timeout=15.0)
GET_VIDEO = Method("rpc.jobs.get_video", GetVideo, Video)
FIND_VIDEO = Method("rpc.jobs.find_video", FindVideo, Video)
LIST_VIDEOS = Method("rpc.jobs.list_videos", ListVideos, VideoList)
QUEUE_EDIT = Method("rpc.jobs.queue_edit", QueueEdit, QueuedEdit, timeout=45.0)
EXECUTE_QUEUE = Method("rpc.jobs.execute_queue", ExecuteQueue, Execution, timeout=30.0)
GET_EXECUTION = Method("rpc.jobs.get_execution", GetExecution, Execution)
