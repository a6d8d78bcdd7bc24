"""Calls that sessions answers: `sessions.open`, `get`, `make_motion_photo`, `take_thumbnail`, `close`.

It calls `ingest.get_asset`, `ingest.abandon_upload`, `jobs.submit`, `jobs.list_channel`, `jobs.cancel`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import msgspec
from uuid_utils.compat import uuid7

from libs.chassis.bus import Bus
from libs.contracts.base import utcnow
from libs.contracts.errors import InvalidInputError, MediaError, NotFoundError, ReelbusError
from libs.contracts.jobs import Job, MotionPhotoSpec, PreviewSpec
from libs.contracts.media import Asset, ObjectRef
from libs.contracts.rpc import GET_ASSET, GetAsset
from libs.contracts.sessions import (
    CLOSE_SESSION,
    GET_SESSION,
    MAKE_MOTION_PHOTO,
    OPEN_SESSION,
    TAKE_THUMBNAIL,
    ClosedSession,
    CloseSession,
    GetSession,
    MakeMotionPhoto,
    MotionSession,
    OpenedSession,
    OpenSession,
    TakeThumbnail,
)
from libs.media.motionphoto import DEVICES
from services.sessions.cleaner import Cleaner
from services.sessions.duration import Durations
from services.sessions.jobs import Jobs
from services.sessions.models import SessionRow
from services.sessions.naming import preview_key
from services.sessions.repository import Repository, session_of, video_of
from services.sessions.settings import SessionsSettings
from services.sessions.thumbnails import Thumbnails
from services.sessions.times import check_speed, clip_times, thumbnail_time
from services.sessions.work import check_clip, check_video


class Handlers:
    def __init__(
        self,
        bus: Bus,
        repository: Repository,
        jobs: Jobs,
        cleaner: Cleaner,
        *,
        durations: Durations,
        thumbnails: Thumbnails,
        settings: SessionsSettings,
    ) -> None:
        self._bus = bus
        self._repository = repository
        self._jobs = jobs
        self._cleaner = cleaner
        self._durations = durations
        self._thumbnails = thumbnails
        self._settings = settings

    def register(self) -> None:
        self._bus.serve(OPEN_SESSION, self.open)
        self._bus.serve(GET_SESSION, self.get)
        self._bus.serve(MAKE_MOTION_PHOTO, self.make_motion_photo)
        self._bus.serve(TAKE_THUMBNAIL, self.take_thumbnail)
        self._bus.serve(CLOSE_SESSION, self.close)

    async def open(self, request: OpenSession) -> OpenedSession:
        """A session that cannot begin is closed again."""
        asset: Asset = await self._bus.call(
            GET_ASSET, GetAsset(asset_id=request.asset_id, owner=request.owner)
        )
        if asset.info is None:
            raise MediaError(asset.probe_error or "This file cannot be read as a video.")
        duration = await self._durations.of(asset.object, asset.info)
        check_video(asset.info, duration)
        row = await self._repository.open(self._row(asset, duration))
        spec = PreviewSpec(asset_id=row.asset_id, session_id=row.session_id)
        try:
            job = await self._jobs.submit(
                row, preview_key(row.session_id), spec, time_limit=self._settings.prepare_time_limit
            )
        except Exception:
            with suppress(ReelbusError):
                await self._close(row)
            raise
        return OpenedSession(session=session_of(row), job=job)

    async def get(self, request: GetSession) -> MotionSession:
        return session_of(await self._repository.get(request.session_id, request.owner))

    async def make_motion_photo(self, request: MakeMotionPhoto) -> Job:
        """A session that is closed meanwhile gets no job: either who closes it finds the job, or this finds
        the session closed."""
        row = await self._repository.get(request.session_id, request.owner)
        times = clip_times(request.range_start, request.range_end, request.cover_time, row.duration)
        check_speed(request.speed)
        check_clip(video_of(row)[1], (times.end - times.start) / request.speed)
        if request.device not in DEVICES:
            raise InvalidInputError(f"device must be one of {', '.join(DEVICES)}.")
        spec = MotionPhotoSpec(
            asset_id=row.asset_id,
            session_id=row.session_id,
            range_start=times.start,
            range_end=times.end,
            cover_time=times.cover,
            speed=request.speed,
            device=request.device,
        )
        limit = self._settings.convert_time_limit
        job = await self._jobs.submit(row, f"motion/{uuid7()}", spec, time_limit=limit)
        try:
            await self._repository.get(request.session_id, request.owner)
        except NotFoundError:
            await self._jobs.cancel(job.job_id, job.owner)
            raise
        return job

    async def take_thumbnail(self, request: TakeThumbnail) -> ObjectRef:
        row = await self._repository.get(request.session_id, request.owner)
        return await self._thumbnails.take(row, thumbnail_time(request.timestamp, row.duration))

    async def close(self, request: CloseSession) -> ClosedSession:
        row = await self._repository.close(request.session_id, request.owner)
        await self._cleaner.end(row)
        return ClosedSession()

    async def _close(self, row: SessionRow) -> None:
        await self.close(CloseSession(session_id=row.session_id, owner=row.owner))

    def _row(self, asset: Asset, duration: float) -> SessionRow:
        now = utcnow()
        return SessionRow(
            session_id=uuid4(),  # it cannot be guessed: where no tokens are set, to know it is to own it
            owner=asset.owner,
            asset_id=asset.asset_id,
            name=asset.name,
            object=msgspec.to_builtins(asset.object),
            info=msgspec.to_builtins(asset.info),
            duration=duration,
            created_at=now,
            expires_at=now + timedelta(seconds=self._settings.session_expiry),
        )
