"""Motion Photo sessions: a video that somebody works on for a while, and everything made of it."""

from __future__ import annotations

from uuid import UUID

from libs.contracts.base import Message, Method, Timestamp
from libs.contracts.jobs import Job
from libs.contracts.media import ObjectRef


class MotionSession(Message, frozen=True, kw_only=True):
    """A session that is open: `duration` is that of its video, in seconds, `name` the file name as the user
    gave it (display only)."""

    session_id: UUID
    owner: str
    asset_id: UUID
    name: str
    duration: float
    created_at: Timestamp
    expires_at: Timestamp


class OpenSession(Message, frozen=True, kw_only=True):
    """Open a session of `owner` for the video `asset_id`, which is the session's own from now on: it is
    removed with it."""

    owner: str
    asset_id: UUID


class OpenedSession(Message, frozen=True, kw_only=True):
    """`job` makes the preview; its result is a `RenderResult`."""

    session: MotionSession
    job: Job


class GetSession(Message, frozen=True, kw_only=True):
    """Not found unless it is open and of `owner` (`None`: whoever knows the id)."""

    session_id: UUID
    owner: str | None = None


class MakeMotionPhoto(Message, frozen=True, kw_only=True):
    """A Motion Photo of `range_start`…`range_end` seconds of the session's video, played `speed` times as
    fast, with the frame at `cover_time` seconds as its picture. The answer is a job whose result is a
    `MotionPhotoResult`. `device` is one of `libs.media.motionphoto.DEVICES`.

    Raises `InvalidInputError` for times that make no sense, `OutOfRangeError` for the speed.
    """

    session_id: UUID
    owner: str
    range_start: float
    range_end: float
    cover_time: float
    speed: float
    device: str = "google"


class TakeThumbnail(Message, frozen=True, kw_only=True):
    """The frame at `timestamp` seconds as a stored JPEG. Raises `OutOfRangeError`."""

    session_id: UUID
    owner: str
    timestamp: float


class CloseSession(Message, frozen=True, kw_only=True):
    """Stop what is made of it and remove everything. Closing twice is not found."""

    session_id: UUID
    owner: str


class ClosedSession(Message, frozen=True, kw_only=True):
    """Nothing to tell but success."""


OPEN_SESSION = Method("rpc.sessions.open", OpenSession, OpenedSession, timeout=30.0)
GET_SESSION = Method("rpc.sessions.get", GetSession, MotionSession)
MAKE_MOTION_PHOTO = Method("rpc.sessions.make_motion_photo", MakeMotionPhoto, Job, timeout=30.0)
TAKE_THUMBNAIL = Method("rpc.sessions.take_thumbnail", TakeThumbnail, ObjectRef, timeout=35.0)
CLOSE_SESSION = Method("rpc.sessions.close", CloseSession, ClosedSession, timeout=15.0)
