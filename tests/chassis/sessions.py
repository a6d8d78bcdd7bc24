"""Sessions with everything around them for real: jobs, ingest, database, bus and storage. Workers are not
there unless a test starts one; sweeps happen when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from libs.chassis.bus import Bus, started
from libs.chassis.database import Database
from libs.chassis.health import Health
from libs.chassis.settings import BusSettings, StorageSettings
from libs.chassis.storage import Storage
from libs.chassis.worker import Worker
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job
from libs.contracts.media import Asset
from libs.contracts.rpc import BEGIN_UPLOAD, COMPLETE_UPLOAD, GET_JOBS, BeginUpload, CompleteUpload, GetJobs
from libs.contracts.sessions import (
    CLOSE_SESSION,
    MAKE_MOTION_PHOTO,
    OPEN_SESSION,
    TAKE_THUMBNAIL,
    CloseSession,
    MakeMotionPhoto,
    OpenedSession,
    OpenSession,
    TakeThumbnail,
)
from libs.contracts.tasks import MotionPhotoTask, PreviewTask
from libs.media.tools import Tools
from services.ingest import app as ingest
from services.ingest.settings import IngestSettings
from services.jobs import app as jobs
from services.jobs.settings import JobsSettings
from services.sessions import app as sessions
from services.sessions.cleaner import Cleaner
from services.sessions.duration import Durations
from services.sessions.handlers import Handlers
from services.sessions.jobs import Jobs
from services.sessions.models import SessionRow
from services.sessions.motion_photo import MotionPhotoMaker
from services.sessions.preview import PreviewMaker
from services.sessions.repository import Patience, Repository
from services.sessions.settings import SessionsSettings
from services.sessions.shelf import Shelf
from services.sessions.thumbnails import Slots, Thumbnails
from tests.chassis.buses import running, until
from tests.chassis.databases import execute, opened
from tests.chassis.servers import Nats

OWNER = "public"
NOW = timedelta(0)
PATIENCE = Patience(lease=timedelta(minutes=1), look=timedelta(hours=1), tombstone=timedelta(hours=1))
NEVER = 1e6
"""Seconds between sweeps that nobody asked for."""


@dataclass(frozen=True)
class Replica:
    """One process of the service; `work` starts its worker."""

    bus: Bus
    repository: Repository
    storage: Storage
    jobs: Jobs
    cleaner: Cleaner
    shelf: Shelf

    def sweeper(self, jobs: Jobs | None = None, **patience: timedelta) -> Cleaner:
        """One with other patience."""
        waits = replace(PATIENCE, **patience)
        return Cleaner(self.repository, self.storage, jobs or self.jobs, self.bus, waits)


class WatchedJobs(Jobs):
    """Notes whose jobs are cancelled; the first `failures` times that fails."""

    def __init__(self, bus: Bus, *, failures: int = 0) -> None:
        super().__init__(bus, waiting=1)
        self.seen: list[UUID] = []
        self._failures = failures

    async def cancel_all(self, row: SessionRow) -> None:
        self.seen.append(row.session_id)
        if len(self.seen) <= self._failures:
            raise NotFoundError("There is no such thing.")
        await super().cancel_all(row)


class House:
    """All of them around one database and one bucket, and the edge's side of the calls."""

    def __init__(self, nats: Nats, database_url: str, s3: StorageSettings, scratch: Path) -> None:
        self.nats = nats
        self.database_url = database_url
        self.s3 = s3
        self.scratch = scratch
        self.storage = Storage(s3)
        self.edge: Bus
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> House:
        self._stack.callback(self.storage.close)
        own = self.scratch.with_name("ingest")
        settings = IngestSettings(**self._settings(sweep_interval=NEVER, scratch_dir=own))
        await self._stack.enter_async_context(ingest.compose(settings, Health()))
        await self.jobs_back()
        self.edge = await self._stack.enter_async_context(running(self.nats, service="edge"))
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stack.__aexit__(*details)

    def _settings(self, **more: Any) -> dict[str, Any]:
        bus: BusSettings = self.nats.settings()
        return {
            **bus.model_dump(),
            **self.s3.model_dump(),
            "database_url": self.database_url,
            "scratch_dir": self.scratch,
            **more,
        }

    async def jobs_back(self) -> None:
        """Start the jobs service (again)."""
        self._jobs = AsyncExitStack()
        settings = JobsSettings(**self._settings())
        await self._jobs.enter_async_context(jobs.compose(settings, Health()))
        self._stack.push_async_callback(self._jobs.aclose)

    async def jobs_away(self) -> None:
        await self._jobs.aclose()

    # --- the service ------------------------------------------------------------------------------

    async def replica(self, *, s3: StorageSettings | None = None, work: bool = False, **more: Any) -> Replica:
        """Start one; it stops with the house. `s3` is another storage than everybody's."""
        return await self._stack.enter_async_context(self._replica(s3 or self.s3, work, more))

    @asynccontextmanager
    async def _replica(self, s3: StorageSettings, work: bool, more: dict[str, Any]) -> AsyncIterator[Replica]:
        settings = SessionsSettings(**self._settings(**more))
        bus = Bus("sessions", settings)
        await bus.connect()
        async with AsyncExitStack() as stack:
            database: Database = await stack.enter_async_context(opened(self.database_url))
            storage = Storage(s3)
            stack.callback(storage.close)
            repository = Repository(database)
            own = Jobs(bus, waiting=settings.session_waiting)
            replica = Replica(
                bus=bus,
                repository=repository,
                storage=storage,
                jobs=own,
                cleaner=Cleaner(repository, storage, own, bus, PATIENCE),
                shelf=Shelf(repository, storage, own),
            )
            self._register(replica, settings)
            if work:
                stack.enter_context(self._worker(replica, settings).scratch())
            await stack.enter_async_context(started(bus))
            yield replica

    def _register(self, replica: Replica, settings: SessionsSettings) -> None:
        self.scratch.mkdir(exist_ok=True)
        tools = Tools()
        slots = Slots(settings.thumbnail_lanes, settings.thumbnail_waiting)
        limit = settings.thumbnail_time_limit
        thumbnails = Thumbnails(
            tools, replica.storage, replica.shelf, slots, scratch=self.scratch, time_limit=limit
        )
        Handlers(
            replica.bus,
            replica.repository,
            replica.jobs,
            replica.cleaner,
            durations=Durations(tools, replica.storage, time_limit=20),
            thumbnails=thumbnails,
            settings=settings,
        ).register()

    def _worker(self, replica: Replica, settings: SessionsSettings) -> Worker:
        preview, photo = PreviewMaker(Tools(), replica.shelf), MotionPhotoMaker(Tools(), replica.shelf)
        makers: dict[type, Any] = {PreviewTask: preview, MotionPhotoTask: photo}
        return Worker("sessions", replica.bus, replica.storage, settings, makers)

    @asynccontextmanager
    async def service(self, **more: Any) -> AsyncIterator[Health]:
        """The whole of it, as its process composes it."""
        health = Health()
        async with sessions.compose(SessionsSettings(**self._settings(**more)), health):
            yield health

    # --- its callers ------------------------------------------------------------------------------

    async def upload(self, path: Path, owner: str = OWNER) -> Asset:
        begin = BeginUpload(owner=owner, name=path.name, declared_type="video/mp4")
        ticket = await self.edge.call(BEGIN_UPLOAD, begin)
        stored = await self.storage.put_file(ticket.key, path, "video/mp4")
        complete = CompleteUpload(
            asset_id=ticket.asset_id, size=stored.size, sha256=stored.sha256, family="motion-photo"
        )
        asset: Asset = await self.edge.call(COMPLETE_UPLOAD, complete)
        return asset

    async def open(self, path: Path, owner: str = OWNER) -> OpenedSession:
        asset = await self.upload(path, owner)
        request = OpenSession(owner=owner, asset_id=asset.asset_id)
        opened_session: OpenedSession = await self.edge.call(OPEN_SESSION, request)
        return opened_session

    async def make(self, session_id: UUID, **changes: Any) -> Job:
        fields = {"range_start": 0.0, "range_end": 1.0, "cover_time": 0.5, "speed": 1.0, "owner": OWNER}
        request = MakeMotionPhoto(session_id=session_id, **(fields | changes))  # type: ignore[arg-type]  # fields of any type
        job: Job = await self.edge.call(MAKE_MOTION_PHOTO, request)
        return job

    async def thumbnail(self, session_id: UUID, timestamp: float, owner: str = OWNER) -> Any:
        request = TakeThumbnail(session_id=session_id, owner=owner, timestamp=timestamp)
        return await self.edge.call(TAKE_THUMBNAIL, request)

    async def close(self, session_id: UUID, owner: str = OWNER) -> None:
        await self.edge.call(CLOSE_SESSION, CloseSession(session_id=session_id, owner=owner))

    async def job(self, job: Job) -> Job:
        """As it is now."""
        found = await self.edge.call(GET_JOBS, GetJobs(owner=job.owner, keys=[job.key]))
        now: Job = found.jobs[0]
        return now

    async def ended(self, job: Job) -> Job:
        async def terminal() -> Job | None:
            now = await self.job(job)
            return now if now.state.terminal else None

        found: Job = await until(terminal, within=60)
        return found

    # --- what is left -----------------------------------------------------------------------------

    async def sql(self, query: str, *args: object) -> Sequence[asyncpg.Record]:
        return await execute(self.database_url, query, *args)

    async def expire(self, session_id: UUID) -> None:
        await self.sql("UPDATE sessions.sessions SET expires_at = now() WHERE session_id = $1", session_id)

    async def objects(self) -> list[str]:
        return [*await self.storage.keys("sessions/"), *await self.storage.keys("uploads/")]

    async def left(self) -> tuple[int, int, int, int]:
        """Session rows that are open or not clean, assets, unfinished uploads, unfinished tasks."""
        (row,) = await self.sql(
            "SELECT (SELECT count(*) FROM sessions.sessions WHERE cleaned_at IS NULL),"
            " (SELECT count(*) FROM ingest.assets), (SELECT count(*) FROM ingest.uploads),"
            " (SELECT count(*) FROM jobs.tasks WHERE state NOT IN ('completed', 'failed', 'cancelled'))"
        )
        return row[0], row[1], row[2], row[3]

    async def nothing_left(self) -> bool:
        return await self.left() == (0, 0, 0, 0) and not await self.objects()
