"""Workers: take a task, claim it, run its handler with a context, publish the result, acknowledge."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
from prometheus_client import Gauge

from libs.chassis.bus import Bus
from libs.chassis.codec import decode
from libs.chassis.delivery import DeadLetter, Delivery
from libs.chassis.scratch import room, scratch_folder
from libs.chassis.settings import WorkerSettings
from libs.chassis.storage import Storage
from libs.chassis.telemetry import TASK_SECONDS, TASKS_RUNNING, TASKS_TOTAL, TRACER
from libs.contracts.errors import InvalidInputError, ReelbusError, TaskTimeoutError, UnavailableError
from libs.contracts.media import ObjectRef
from libs.contracts.rpc import CLAIM_TASK, ClaimTask
from libs.contracts.tasks import (
    CANCEL_TASKS,
    RESULTS,
    TASK_COMPLETED,
    TASK_FAILED,
    TASK_PROGRESS,
    TASK_STOPPED,
    CancelTasks,
    Task,
    TaskCompleted,
    TaskFailed,
    TaskHeader,
    TaskProgress,
    TaskResult,
    TaskStopped,
)

log = logging.getLogger(__name__)

LANES = Gauge("reelbus_worker_lanes", "Tasks that this process works on at once, at most.")
SCRATCH_SIZE = Gauge(
    "reelbus_scratch_size_bytes",
    "Bytes that files of running tasks may take: the disk, or REELBUS_SCRATCH_LIMIT where that is less.",
)
SCRATCH_FREE = Gauge("reelbus_scratch_free_bytes", "Bytes of these that are free.")

_URL_GRACE, _MAX_TTL = 60.0, 7 * 86_400.0
"""Seconds; S3 signs for seven days at most."""
PROGRESS_INTERVAL = 0.25
"""Seconds between two progress signals of a task at least."""


class TaskContext:
    """What a handler may use: inputs by URL or staged, a scratch folder, progress, and upload. `stored` are
    the keys that it uploaded to, `attempt` counts deliveries of the task from 1."""

    def __init__(self, task: Task, scratch: Path, storage: Storage, bus: Bus, *, attempt: int = 1) -> None:
        self.task = task
        self.attempt = attempt
        self.scratch = scratch
        self.stored: list[str] = []
        self._storage = storage
        self._bus = bus
        self._reported = 0.0
        self._report_time = 0.0
        self._signals: set[asyncio.Task[None]] = set()

    async def url(self, source: ObjectRef) -> str:
        """A URL under which tools read `source` with ranged requests, while the task may run."""
        return await self._storage.presign(source.key, ttl=min(self.task.time_limit + _URL_GRACE, _MAX_TTL))

    async def stage(self, source: ObjectRef) -> Path:
        """A local copy of `source` in the scratch folder."""
        path = self.scratch / f"input-{source.sha256[:16]}"
        if not path.exists():
            with TRACER.start_as_current_span("stage input", attributes={"size": source.size}):
                await self._storage.get_file(source.key, path)
        return path

    def progress(self, fraction: float) -> None:
        """Tell that `fraction` (0…1) of the work is done; it never falls, and is sent four times a second
        at most."""
        now = time.monotonic()
        fraction = min(1.0, fraction)
        if fraction <= self._reported or now - self._report_time < PROGRESS_INTERVAL:
            return
        self._reported, self._report_time = fraction, now
        message = TaskProgress(task_id=self.task.task_id, job_id=self.task.job_id, fraction=fraction)
        sending = asyncio.ensure_future(self._bus.signal(TASK_PROGRESS, message))
        self._signals.add(sending)
        sending.add_done_callback(self._signals.discard)

    def artifact_key(self, name: str, folder: str = RESULTS) -> str:
        """Where `artifact` stores: by the task's content address, so that the same work has the same key."""
        return f"{folder}/{self.task.fingerprint}/{name}"

    async def artifact(self, path: Path, name: str, content_type: str, folder: str = RESULTS) -> ObjectRef:
        """Store a produced file as `artifact_key` says."""
        key = self.artifact_key(name, folder)
        self.stored.append(key)
        with TRACER.start_as_current_span("store artifact", attributes={"size": path.stat().st_size}):
            return await self._storage.put_file(key, path, content_type)


TaskHandler = Callable[[Any, TaskContext], Awaitable[TaskResult]]
"""A function of a task's spec and a context; raises `ReelbusError` for what it can name."""


class Worker:
    """Runs the tasks of one service. `handlers` maps spec types to functions."""

    def __init__(
        self,
        service: str,
        bus: Bus,
        storage: Storage,
        settings: WorkerSettings,
        handlers: Mapping[type, TaskHandler],
    ) -> None:
        self._service = service
        self._bus = bus
        self._storage = storage
        self._handlers = handlers
        self._scratch_root = settings.scratch_dir
        self._scratch = settings.scratch_dir
        self._scratch_limit = settings.scratch_limit
        self._running: dict[UUID, anyio.CancelScope] = {}
        bus.work(service, Task, self._on_task, self._on_exhausted, lanes=settings.lanes)
        bus.listen(CANCEL_TASKS, self._on_cancel)
        LANES.set(settings.lanes)
        for spec in handlers:  # series are there from the start, so that the first failure is an increase
            kind = str(spec.__struct_config__.tag)  # type: ignore[attr-defined]  # a tagged struct
            TASKS_RUNNING.labels(kind)
            TASK_SECONDS.labels(kind)
            TASKS_TOTAL.labels(kind, "completed")

    @contextmanager
    def scratch(self) -> Iterator[None]:
        """The worker's scratch folder, while the block runs. Enter it before the bus starts."""
        limit = self._scratch_limit
        with scratch_folder(self._scratch_root, self._service) as self._scratch:
            SCRATCH_SIZE.set_function(lambda: room(self._scratch_root, limit)[0])
            SCRATCH_FREE.set_function(lambda: room(self._scratch_root, limit)[1])
            yield

    async def _on_cancel(self, message: CancelTasks) -> None:
        for task_id in message.task_ids:
            if scope := self._running.get(task_id):
                log.info("task cancelled", extra={"task_id": str(task_id)})
                scope.cancel()

    async def _on_task(self, task: Task, delivery: Delivery) -> None:
        claim = await self._bus.call(CLAIM_TASK, ClaimTask(task_id=task.task_id, replayed=delivery.replayed))
        kind = type(task.spec).__struct_config__.tag
        if not claim.run:
            TASKS_TOTAL.labels(kind, "skipped").inc()
            log.info("task skipped", extra={"task_id": str(task.task_id), "reason": claim.reason})
            return
        with TASKS_RUNNING.labels(kind).track_inprogress(), TASK_SECONDS.labels(kind).time():
            await self._run(task, str(kind), delivery)

    async def _run(self, task: Task, kind: str, delivery: Delivery) -> None:
        scope = anyio.CancelScope()
        self._running[task.task_id] = scope
        scratch = self._scratch / f"{task.task_id}-{delivery.attempt}"
        context = TaskContext(task, scratch, self._storage, self._bus, attempt=delivery.attempt)
        try:
            with scope, TRACER.start_as_current_span(f"task {kind}") as span:
                span.set_attribute("reelbus.attempt", delivery.attempt)
                scratch.mkdir(mode=0o700)
                result = await self._work(task, context)
                with anyio.CancelScope(shield=True):  # told of, it can be removed if nobody wants it
                    await self._completed(task, result, delivery)
                TASKS_TOTAL.labels(kind, "completed").inc()
            if scope.cancelled_caught:
                TASKS_TOTAL.labels(kind, "cancelled").inc()
                await self._stopped(context, delivery)
        except ReelbusError as error:
            TASKS_TOTAL.labels(kind, error.code).inc()
            if error.retryable:
                raise
            await self._failed(task, error, attempts=delivery.attempt, sequence=delivery.sequence)
        finally:
            self._running.pop(task.task_id, None)
            shutil.rmtree(scratch, ignore_errors=True)

    async def _work(self, task: Task, context: TaskContext) -> TaskResult:
        handler = self._handlers[type(task.spec)]
        try:
            async with asyncio.timeout(task.time_limit):
                return await handler(task.spec, context)
        except TimeoutError as error:
            raise TaskTimeoutError(f"The work took longer than {task.time_limit:.0f} s.") from error
        except OSError as error:  # the scratch disk: full, gone, read-only
            raise UnavailableError(f"The worker's disk failed: {error.strerror}.") from error

    async def _completed(self, task: Task, result: TaskResult, delivery: Delivery) -> None:
        message = TaskCompleted(
            task_id=task.task_id, job_id=task.job_id, fingerprint=task.fingerprint, result=result
        )
        message_id = f"{task.task_id}.completed.{delivery.sequence}"
        await self._bus.publish(TASK_COMPLETED, message, message_id=message_id)

    async def _stopped(self, context: TaskContext, delivery: Delivery) -> None:
        """Tell what this attempt has stored: somebody else may need the same objects, so that only the jobs
        service knows whether they can go."""
        if not context.stored:
            return
        task = context.task
        message = TaskStopped(
            task_id=task.task_id, job_id=task.job_id, fingerprint=task.fingerprint, keys=context.stored
        )
        message_id = f"{task.task_id}.stopped.{delivery.sequence}.{delivery.attempt}"
        await self._bus.publish(TASK_STOPPED, message, message_id=message_id)

    async def _failed(
        self, task: Task | TaskHeader, error: ReelbusError, *, attempts: int, sequence: int
    ) -> None:
        message = TaskFailed(
            task_id=task.task_id,
            job_id=task.job_id,
            code=error.code,
            message=error.message,
            attempts=attempts,
        )
        message_id = f"{task.task_id}.failed.{sequence}"
        await self._bus.publish(TASK_FAILED, message, message_id=message_id)

    async def _on_exhausted(self, letter: DeadLetter, error: ReelbusError) -> None:
        """The job must hear of a task that is buried, even of one that this version cannot read."""
        try:
            header: TaskHeader = decode(letter.body, TaskHeader)
        except InvalidInputError:
            log.warning("buried task is nobody's", extra={"sequence": letter.sequence})
            return
        await self._failed(header, error, attempts=letter.attempts, sequence=letter.sequence)
