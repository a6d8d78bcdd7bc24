"""Remote calls: request and reply types, and the union that every reply is."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, Union
from uuid import UUID

import msgspec

from libs.contracts.access import AUTHENTICATE
from libs.contracts.base import Message, Method, Timestamp
from libs.contracts.editor import (
    EXECUTE_QUEUE,
    FIND_VIDEO,
    GET_EXECUTION,
    GET_VIDEO,
    LIST_VIDEOS,
    QUEUE_EDIT,
    REGISTER_VIDEOS,
)
from libs.contracts.jobs import Job, JobSpec, JobState
from libs.contracts.media import Asset
from libs.contracts.movies import COUNT_JOBS, GET_MAKING, LIST_MAKINGS, REMOVE_RESULT
from libs.contracts.sessions import (
    CLOSE_SESSION,
    GET_SESSION,
    MAKE_MOTION_PHOTO,
    OPEN_SESSION,
    TAKE_THUMBNAIL,
)

T = TypeVar("T")


class Ok(msgspec.Struct, Generic[T], frozen=True, kw_only=True, tag="ok"):
    value: T


class RpcError(Message, frozen=True, kw_only=True, tag="error"):
    """`code` is one of `libs.contracts.errors`; `retryable` says whether asking again may help."""

    code: str
    message: str
    retryable: bool = False
    details: dict[str, Any] = {}


# --- ingest ---------------------------------------------------------------------------------------


class BeginUpload(Message, frozen=True, kw_only=True):
    """Reserve an asset id and a storage key before the first byte is written, so that an upload that
    dies can be found and cleaned up. `name` and `declared_type` are what the client says."""

    owner: str
    name: str
    declared_type: str


class UploadTicket(Message, frozen=True, kw_only=True):
    """Where the bytes of an upload go, and which asset they will be."""

    asset_id: UUID
    key: str


class CompleteUpload(Message, frozen=True, kw_only=True):
    """All bytes are in storage. `size` and `sha256` are what was measured while they passed. With
    `require_video` a picture must decode, else the answer is a `media_error` and there is no asset."""

    asset_id: UUID
    size: int
    sha256: str
    family: str
    channel: str | None = None
    require_video: bool = False


class AbandonUpload(Message, frozen=True, kw_only=True):
    """The upload will not become an asset, or the asset just made of it is of no use: remove everything
    that is there of it."""

    asset_id: UUID


class Done(Message, frozen=True, kw_only=True):
    """Nothing to tell but success."""


class GetAsset(Message, frozen=True, kw_only=True):
    """Not found unless it belongs to `owner`."""

    asset_id: UUID
    owner: str


class DiscardArtifacts(Message, frozen=True, kw_only=True):
    """Remove what attempts at a task of this fingerprint stored: everything under `results/<fingerprint>/`,
    the objects `keys` (each has the fingerprint in its path), and the assets of `owner` that it made. What is
    not there is fine. Nobody works on the fingerprint until this was answered."""

    fingerprint: str
    owner: str
    keys: list[str] = []
    asset_ids: list[UUID] = []


BEGIN_UPLOAD = Method("rpc.ingest.begin_upload", BeginUpload, UploadTicket)
COMPLETE_UPLOAD = Method("rpc.ingest.complete_upload", CompleteUpload, Asset, timeout=60.0)
ABANDON_UPLOAD = Method("rpc.ingest.abandon_upload", AbandonUpload, Done)
GET_ASSET = Method("rpc.ingest.get_asset", GetAsset, Asset)
DISCARD_ARTIFACTS = Method("rpc.ingest.discard_artifacts", DiscardArtifacts, Done, timeout=30.0)

# --- jobs -----------------------------------------------------------------------------------------


class Submission(Message, frozen=True, kw_only=True):
    """One job to be. Submitting a known `key` of the same owner again answers the job that exists."""

    key: str
    spec: JobSpec
    lane: str = "interactive"


class SubmitJobs(Message, frozen=True, kw_only=True):
    """All of them or none. `time_limit` is seconds of work of each attempt of a task (`None`: by settings).
    With `max_waiting` the answer is `unavailable` when as many tasks wait for the worker services that are
    needed already; with `max_unfinished` it is `too_many_requests` when so many jobs of the owner are there
    that have not ended."""

    owner: str
    family: str
    submissions: list[Submission]
    channel: str | None = None
    time_limit: float | None = None
    max_waiting: int | None = None
    max_unfinished: int | None = None


class JobList(Message, frozen=True, kw_only=True):
    """Jobs, in the order that the request defines."""

    jobs: list[Job]


class GetJobs(Message, frozen=True, kw_only=True):
    """The jobs of `owner` under these keys; unknown keys are missing from the answer. At most 500.
    `results` may be left out where only the state matters."""

    owner: str
    keys: list[str]
    results: bool = True


class ListJobs(Message, frozen=True, kw_only=True):
    """A page of the jobs of `owner` in a family, newest first: `limit` (1…100) of those in one of `states`
    (`None`: any) after the first `offset`."""

    owner: str
    family: str
    states: list[JobState] | None = None
    limit: int = 20
    offset: int = 0


class JobPage(Message, frozen=True, kw_only=True):
    """`total` counts what all pages hold together. The jobs come without their results."""

    total: int
    jobs: list[Job]


class GetJob(Message, frozen=True, kw_only=True):
    """Not found unless it belongs to `owner`."""

    job_id: UUID
    owner: str


class JobDetail(Message, frozen=True, kw_only=True):
    """A job with what it was asked to do. `completed_at` is when it ended, whichever way."""

    job: Job
    spec: JobSpec
    completed_at: Timestamp | None = None


class OwnedJob(Message, frozen=True, kw_only=True):
    """A job that somebody says is his."""

    job_id: UUID
    owner: str


class GetDetails(Message, frozen=True, kw_only=True):
    """Jobs of several owners at once: at most 10, because a reply has at most 1 MB."""

    jobs: list[OwnedJob]


class JobDetails(Message, frozen=True, kw_only=True):
    """In any order; what is not there, or somebody else's, is missing."""

    details: list[JobDetail]


class ListChannelJobs(Message, frozen=True, kw_only=True):
    """Jobs of `family` (`None`: of any) that a channel follows: the unfinished ones, and those finished
    within the last `finished_within` seconds. Oldest first, at most 1,000, without their results."""

    channel: str
    finished_within: float = 0.0
    family: str | None = None


class CancelJob(Message, frozen=True, kw_only=True):
    """Stop a job of `owner`. Cancelling twice is fine; a job that ended otherwise is a conflict."""

    job_id: UUID
    owner: str


class ClaimTask(Message, frozen=True, kw_only=True):
    """A worker is about to start this delivery of a task. `replayed` marks an operator's replay of a
    dead letter, which reopens a failed job."""

    task_id: UUID
    replayed: bool = False


class Claim(Message, frozen=True, kw_only=True):
    """`run` is false when the work is not wanted any more (cancelled, or done already)."""

    run: bool
    reason: str = ""


SUBMIT_JOBS = Method("rpc.jobs.submit", SubmitJobs, JobList, timeout=15.0)
GET_JOBS = Method("rpc.jobs.get", GetJobs, JobList)
GET_JOB = Method("rpc.jobs.get_one", GetJob, JobDetail)
GET_DETAILS = Method("rpc.jobs.get_details", GetDetails, JobDetails)
LIST_JOBS = Method("rpc.jobs.list", ListJobs, JobPage)
LIST_CHANNEL_JOBS = Method("rpc.jobs.list_channel", ListChannelJobs, JobList)
CANCEL_JOB = Method("rpc.jobs.cancel", CancelJob, Job)
CLAIM_TASK = Method("rpc.jobs.claim_task", ClaimTask, Claim)

# --- transcode ------------------------------------------------------------------------------------


class TryEncoding(Message, frozen=True, kw_only=True):
    """Can this ffmpeg write such a file? Codecs are encoders or codec families (`h264`), `container` is the
    extension that would be liked; `audio_codec` is `None` without sound."""

    video_codec: str
    audio_codec: str | None
    width: int
    height: int
    frame_rate: int
    container: str


class EncodingTrial(Message, frozen=True, kw_only=True):
    """What worked: names of encoders and their codec families, and a container (by its extension) that holds
    them. Otherwise the answer is `invalid_input`, in words for the user."""

    video_encoder: str
    video_family: str
    audio_encoder: str | None
    audio_family: str | None
    container: str


TRY_ENCODING = Method("rpc.transcode.try_encoding", TryEncoding, EncodingTrial, timeout=30.0)

# --- what workers say of themselves ---------------------------------------------------------------


class Describe(Message, frozen=True, kw_only=True):
    """Nothing to ask but whether it can work."""


class Description(Message, frozen=True, kw_only=True):
    """`tool` is what the work is done with, with its version; `ready` that it can be."""

    tool: str
    ready: bool


DESCRIBE_TRANSCODE = Method("rpc.transcode.describe", Describe, Description)
DESCRIBE_SPEECH = Method("rpc.speech.describe", Describe, Description)

METHODS: tuple[Method[Any], ...] = (
    AUTHENTICATE,
    BEGIN_UPLOAD,
    COMPLETE_UPLOAD,
    ABANDON_UPLOAD,
    GET_ASSET,
    DISCARD_ARTIFACTS,
    SUBMIT_JOBS,
    GET_JOBS,
    GET_JOB,
    GET_DETAILS,
    LIST_JOBS,
    LIST_CHANNEL_JOBS,
    CANCEL_JOB,
    CLAIM_TASK,
    REGISTER_VIDEOS,
    GET_VIDEO,
    FIND_VIDEO,
    LIST_VIDEOS,
    QUEUE_EDIT,
    EXECUTE_QUEUE,
    GET_EXECUTION,
    TRY_ENCODING,
    DESCRIBE_TRANSCODE,
    DESCRIBE_SPEECH,
    GET_MAKING,
    LIST_MAKINGS,
    REMOVE_RESULT,
    COUNT_JOBS,
    OPEN_SESSION,
    GET_SESSION,
    MAKE_MOTION_PHOTO,
    TAKE_THUMBNAIL,
    CLOSE_SESSION,
)


def reply_type(method: Method[Any]) -> Any:
    """The tagged union that a reply to `method` decodes to."""
    return Union[Ok[method.reply], RpcError]  # type: ignore[name-defined]  # noqa: UP007  (built at run time)
