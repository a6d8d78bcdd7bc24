"""Queues of edits: filled, executed, watched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from libs.chassis.bus import Bus
from libs.contracts.editor import (
    EXECUTE_QUEUE,
    GET_EXECUTION,
    QUEUE_EDIT,
    ExecuteQueue,
    Execution,
    GetExecution,
    QueuedEdit,
    QueueEdit,
)
from libs.contracts.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from libs.contracts.jobs import JobState
from libs.contracts.media import PUBLIC_OWNER
from services.edge.contracts.video_editor.edits import Wanted
from services.edge.waiting import EndWaiter, while_connected


class Editing:
    """Executions are waited for `timeout` seconds at most."""

    def __init__(self, bus: Bus, waiter: EndWaiter, *, timeout: float) -> None:
        self._bus = bus
        self._waiter = waiter
        self.timeout = timeout

    async def queue(self, wanted: Wanted) -> QueuedEdit:
        """Raises `InvalidInputError`, `NotFoundError` (one of the inputs), `UnavailableError`."""
        request = QueueEdit(
            owner=PUBLIC_OWNER, request_code=wanted.request_code, edit=wanted.edit, request=wanted.shown
        )
        queued: QueuedEdit = await self._bus.call(QUEUE_EDIT, request)
        return queued

    async def execute(
        self, request_code: str, *, seconds: float, receive: Callable[[], Awaitable[Any]]
    ) -> Execution:
        """Execute a queue and wait for the end, but no longer than `seconds`, only while the client and this
        process are there, and not at all when too many wait already. Raises `InvalidInputError` when nothing
        is in it, `UnavailableError`."""
        if seconds <= 0 or self._waiter.full:
            return await self._start(request_code)
        with self._waiter.place():
            execution = await self._start(request_code)
            job = await while_connected(receive, self._waiter.wait(execution.job, seconds, leave=True))
        if job is None:
            return execution
        ended = msgspec.structs.replace(execution, job=job)
        return ended if job.state is JobState.COMPLETED else await self._failed(ended)

    async def execution(self, execution_id: str) -> Execution:
        """Raises `NotFoundError`."""
        try:
            job_id = UUID(execution_id)
        except ValueError:
            raise NotFoundError("There is no such execution.") from None
        request = GetExecution(owner=PUBLIC_OWNER, job_id=job_id)
        found: Execution = await self._bus.call(GET_EXECUTION, request)
        return found

    async def _start(self, request_code: str) -> Execution:
        request = ExecuteQueue(owner=PUBLIC_OWNER, request_code=request_code)
        try:
            started: Execution = await self._bus.call(EXECUTE_QUEUE, request)
        except ConflictError as error:
            raise InvalidInputError(f"There are no pending jobs for request_code {request_code}.") from error
        return started

    async def _failed(self, ended: Execution) -> Execution:
        """With the states of its edits; when they cannot be had, the error of the job says it all."""
        try:
            return await self.execution(str(ended.job.job_id))
        except UnavailableError:
            return ended
