"""A stage for a worker: a real bus, real storage, and a stand-in for the jobs service."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

from libs.chassis.bus import Bus, started
from libs.chassis.codec import encode
from libs.chassis.settings import WorkerSettings
from libs.chassis.storage import Storage
from libs.chassis.worker import TaskContext, Worker
from libs.contracts.media import MediaInfo, ObjectRef
from libs.contracts.rpc import CLAIM_TASK, Claim, ClaimTask
from libs.contracts.streams import TASKS, task_subject
from libs.contracts.tasks import (
    TASK_COMPLETED,
    TASK_FAILED,
    TASK_PROGRESS,
    TASK_STOPPED,
    MetadataTask,
    Task,
    TaskProgress,
    TaskResult,
)
from tests.chassis.buses import Inbox, connected, running, settled
from tests.chassis.servers import Nats

Work = Callable[[MetadataTask, TaskContext], Awaitable[TaskResult]]
SERVICE = "analyze"


class Stage:
    """The jobs service's side of a worker: claims, results, failures and progress."""

    def __init__(self, nats: Nats, storage: Storage, scratch: Path) -> None:
        self.storage = storage
        self.scratch = scratch
        self.wanted = True
        self.claims: list[ClaimTask] = []
        self.completed = Inbox()
        self.failed = Inbox()
        self.stopped = Inbox()
        self.progress: list[tuple[float, float]] = []
        self.bus: Bus
        self._nats = nats
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.bus = await self._stack.enter_async_context(running(self._nats, self._register, "jobs"))
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stack.__aexit__(*details)

    def _register(self, bus: Bus) -> None:
        async def claim(request: ClaimTask) -> Claim:
            self.claims.append(request)
            return Claim(run=self.wanted)

        async def moved(message: TaskProgress) -> None:
            self.progress.append((time.monotonic(), message.fraction))

        bus.serve(CLAIM_TASK, claim)
        bus.consume(TASK_COMPLETED, self.completed)
        bus.consume(TASK_FAILED, self.failed)
        bus.consume(TASK_STOPPED, self.stopped)
        bus.listen(TASK_PROGRESS, moved)

    async def worker(self, work: Work, **settings: float) -> Bus:
        """Start one; it stops with the stage, or before when its bus is stopped."""
        bus = await self._stack.enter_async_context(connected(self._nats, SERVICE, **settings))
        options = WorkerSettings(lanes=2, scratch_dir=self.scratch)
        worker = Worker(SERVICE, bus, self.storage, options, {MetadataTask: work})
        self._stack.enter_context(worker.scratch())
        return await self._stack.enter_async_context(started(bus))

    async def send(self, *, time_limit: float = 60.0) -> UUID:
        task_id = uuid4()
        source = ObjectRef(key="uploads/none", size=1, sha256="ab" * 32)
        spec = MetadataTask(source=source, info=MediaInfo(formats=[], size=1))
        task = Task(
            task_id=task_id,
            job_id=UUID(int=1),
            owner="o",
            fingerprint=uuid4().hex,
            spec=spec,
            time_limit=time_limit,
        )
        await self.bus.jetstream.publish(task_subject(SERVICE, "batch"), encode(task), stream=TASKS.name)
        return task_id

    async def idle(self) -> None:
        """No task is queued or in work."""
        await settled(self.bus, SERVICE, TASKS.name)

    def files(self) -> list[Path]:
        return [path for path in self.scratch.rglob("*") if path.is_file() and path.stat().st_size]
