"""Jobs and ingest for real, with everything below them, and somebody who submits video edits and movies.
Workers are not there unless a test starts one; downloads may go to a server of the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from libs.chassis.bus import Bus
from libs.chassis.fetch import Fetcher
from libs.chassis.health import Health
from libs.chassis.settings import StorageSettings
from libs.chassis.storage import Storage
from libs.contracts.jobs import ComposeSpec, Job, VideoEditSpec
from libs.contracts.media import ObjectRef, StoredMedia
from libs.contracts.movie import Movie
from libs.contracts.rpc import (
    CANCEL_JOB,
    CLAIM_TASK,
    GET_JOB,
    SUBMIT_JOBS,
    CancelJob,
    Claim,
    ClaimTask,
    GetJob,
    JobDetail,
    Submission,
    SubmitJobs,
)
from libs.contracts.tasks import TASK_COMPLETED, Task, TaskCompleted, TaskResult
from libs.contracts.video_edit import Wanted
from libs.media.probe import probe
from libs.media.tools import Tools
from services.ingest import app as ingest
from services.ingest.settings import IngestSettings
from services.jobs import app as jobs
from services.jobs.settings import JobsSettings
from tests.chassis.buses import Inbox, running, until
from tests.chassis.databases import execute
from tests.chassis.servers import Nats

OWNER = "alice"
MOVIES = "videocraft"
WANTED = Wanted(duration=5.0, width=96, height=128)


class Shop:
    def __init__(
        self, nats: Nats, database_url: str, s3: StorageSettings, scratch: Path, fetcher: Fetcher
    ) -> None:
        self.nats = nats
        self.database_url = database_url
        self.s3 = s3
        self.scratch = scratch
        self.storage = Storage(s3)
        self.fetcher = fetcher
        self.edge: Bus
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Shop:
        self._stack.callback(self.storage.close)
        settings = IngestSettings(**self.settings(sweep_interval=1e6, backoff_base=0.05))
        await self._stack.enter_async_context(ingest.compose(settings, Health(), fetcher=self.fetcher))
        await self._stack.enter_async_context(jobs.compose(JobsSettings(**self.settings()), Health()))
        self.edge = await self._stack.enter_async_context(running(self.nats, service="edge"))
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stack.__aexit__(*details)

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            **self.nats.settings().model_dump(),
            **self.s3.model_dump(),
            "database_url": self.database_url,
            "scratch_dir": self.scratch,
            **more,
        }

    async def tasks_of(self, service: str, work: Inbox) -> Bus:
        """Let `work` have the tasks of a service."""

        def register(bus: Bus) -> None:
            async def lost(*_: Any) -> None:
                raise AssertionError("nothing is exhausted")

            bus.work(service, Task, work, lost, lanes=1)

        return await self._stack.enter_async_context(running(self.nats, register, service))

    async def start(self, compose: Callable[..., Any], settings: type, **more: Any) -> None:
        """A whole worker service."""
        await self._stack.enter_async_context(compose(settings(**self.settings(**more)), Health()))

    # --- who submits ------------------------------------------------------------------------------

    async def stored(self, path: Path) -> StoredMedia:
        kept = await self.storage.put_file(f"uploads/{uuid4()}/{path.name}", path, "video/mp4")
        probed = await probe(path, Tools(), size=kept.size)
        return StoredMedia(object=kept, info=probed.info)

    async def edit(
        self, source: StoredMedia | str, wanted: Wanted = WANTED, *, key: str | None = None
    ) -> Job:
        """Submit one, of a stored video or of a URL."""
        url = source if isinstance(source, str) else None
        given = {"input_path": url or "a file"}
        stored = None if isinstance(source, str) else source
        spec = VideoEditSpec(wanted=wanted, source=stored, url=url, given=given)
        submission = Submission(key=key or str(uuid4()), spec=spec)
        request = SubmitJobs(owner=OWNER, family="jobs", submissions=[submission])
        found = await self.edge.call(SUBMIT_JOBS, request)
        job: Job = found.jobs[0]
        return job

    async def compose(self, movie: Movie, *, owner: str = OWNER, key: str | None = None) -> Job:
        """Submit one that composes `movie`."""
        submission = Submission(key=key or str(uuid4()), spec=ComposeSpec(movie=movie))
        request = SubmitJobs(owner=owner, family=MOVIES, submissions=[submission])
        job: Job = (await self.edge.call(SUBMIT_JOBS, request)).jobs[0]
        return job

    async def completed(self, task: Task, result: TaskResult) -> None:
        """What a worker tells."""
        message = TaskCompleted(
            task_id=task.task_id, job_id=task.job_id, fingerprint=task.fingerprint, result=result
        )
        await self.edge.publish(TASK_COMPLETED, message, message_id=f"{task.task_id}.completed.1")

    async def detail(self, job: Job) -> JobDetail:
        found: JobDetail = await self.edge.call(GET_JOB, GetJob(job_id=job.job_id, owner=job.owner))
        return found

    async def cancel(self, job: Job) -> Job:
        found: Job = await self.edge.call(CANCEL_JOB, CancelJob(job_id=job.job_id, owner=OWNER))
        return found

    async def claim(self, task_id: UUID) -> bool:
        found: Claim = await self.edge.call(CLAIM_TASK, ClaimTask(task_id=task_id))
        return found.run

    async def ended(self, job: Job) -> Job:
        async def terminal() -> Job | None:
            now = (await self.detail(job)).job
            return now if now.state.terminal else None

        found: Job = await until(terminal, within=60)
        return found

    async def states(self, job: Job) -> dict[str, str]:
        rows = await self.sql("SELECT name, state FROM jobs.tasks WHERE job_id = $1", job.job_id)
        return {row["name"]: row["state"] for row in rows}

    # --- what is there ----------------------------------------------------------------------------

    async def artifact(self, fingerprint: str, name: str = "output.mp4") -> ObjectRef:
        """Store one, as a worker does."""
        self.scratch.mkdir(exist_ok=True)
        path = self.scratch / name
        path.write_bytes(b"video")
        return await self.storage.put_file(f"results/{fingerprint}/{name}", path, "video/mp4")

    async def sql(self, query: str, *args: object) -> Sequence[asyncpg.Record]:
        return await execute(self.database_url, query, *args)

    async def left(self) -> dict[str, Any]:
        """Objects of uploads and results, rows of uploads and assets, and what is noted for removal."""
        (row,) = await self.sql(
            "SELECT (SELECT count(*) FROM ingest.uploads) AS uploads,"
            " (SELECT count(*) FROM ingest.assets) AS assets,"
            " (SELECT count(*) FROM jobs.discards) AS discards"
        )
        objects = [*await self.storage.keys("uploads/"), *await self.storage.keys("results/")]
        return {**dict(row), "objects": objects}

    async def nothing_left(self) -> bool:
        return await self.left() == {"uploads": 0, "assets": 0, "discards": 0, "objects": []}
