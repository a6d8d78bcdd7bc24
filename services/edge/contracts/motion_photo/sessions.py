"""What is made of open sessions: Motion Photos, thumbnails, previews."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from uuid import UUID

import anyio

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.errors import NotFoundError, ReelbusError
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import ObjectRef
from libs.contracts.rpc import CANCEL_JOB, CancelJob
from libs.contracts.sessions import (
    CLOSE_SESSION,
    GET_SESSION,
    MAKE_MOTION_PHOTO,
    TAKE_THUMBNAIL,
    CloseSession,
    GetSession,
    MakeMotionPhoto,
    MotionSession,
    TakeThumbnail,
)
from services.edge.contracts.motion_photo.ends import CLOSED, Ends, Receive, artifact_of
from services.edge.contracts.motion_photo.values import photo_name
from services.edge.downloads import Content
from services.edge.job_loader import JobLoader
from services.edge.stored import stored_content

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Photo:
    """A Motion Photo, and what it is called."""

    content: Content
    name: str


class Sessions:
    """Motion Photos are waited for `time_limit` seconds at most. Sessions of others are not found."""

    def __init__(self, bus: Bus, storage: Storage, jobs: JobLoader, ends: Ends, *, time_limit: float) -> None:
        self._bus = bus
        self._storage = storage
        self._jobs = jobs
        self._ends = ends
        self._time_limit = time_limit

    async def photo(self, wanted: MakeMotionPhoto, receive: Receive) -> Photo:
        """Raises what `MakeMotionPhoto` says, and as `Ends.ended` and `artifact_of`; nobody works on it any
        more then."""
        with self._ends.place():
            session = await self._session(wanted.session_id, wanted.owner)
            job: Job = await self._bus.call(MAKE_MOTION_PHOTO, wanted)
            try:
                job = await self._ends.ended(job, self._time_limit, receive)
            finally:
                if not job.state.terminal:
                    with anyio.CancelScope(shield=True):
                        await self._cancel(job)
        content = await self._content(artifact_of(job), "image/jpeg")
        return Photo(content, photo_name(session.name))

    async def thumbnail(self, wanted: TakeThumbnail) -> Content:
        """Raises `NotFoundError`, `OutOfRangeError`."""
        taken: ObjectRef = await self._bus.call(TAKE_THUMBNAIL, wanted)
        return await self._content(taken, "image/jpeg")

    async def preview(self, session_id: UUID, owner: str) -> Content:
        """Raises `NotFoundError`, also while there is none yet."""
        session = await self._session(session_id, owner)
        job = await self._jobs.get(session.owner, f"preview/{session_id}")
        if job.state is not JobState.COMPLETED:
            raise NotFoundError("There is no preview of this session.")
        return await self._content(artifact_of(job), "video/mp4")

    async def close(self, session_id: UUID, owner: str) -> None:
        """Raises `NotFoundError`."""
        await self._bus.call(CLOSE_SESSION, CloseSession(session_id=session_id, owner=owner))

    async def _session(self, session_id: UUID, owner: str) -> MotionSession:
        request = GetSession(session_id=session_id, owner=owner)
        found: MotionSession = await self._bus.call(GET_SESSION, request)
        return found

    async def _content(self, stored: ObjectRef, content_type: str) -> Content:
        try:
            return replace(await stored_content(self._storage, stored), content_type=content_type)
        except NotFoundError as error:  # the session was closed just now
            raise NotFoundError(CLOSED) from error

    async def _cancel(self, job: Job) -> None:
        try:
            await self._bus.call(CANCEL_JOB, CancelJob(job_id=job.job_id, owner=job.owner))
        except ReelbusError as error:  # it has ended meanwhile
            log.info("motion photo not cancelled", extra={"job_id": str(job.job_id), "error": error.message})
