"""Waiting for the end of jobs: told by events, and by a look now and then where an event was lost."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from libs.contracts.errors import ReelbusError
from libs.contracts.jobs import Job, JobEvent
from services.edge.job_loader import JobLoader

log = logging.getLogger(__name__)
T = TypeVar("T")

_RECHECK = 5.0


class EndWaiter:
    """Lets at most `limit` requests wait; looks at each job when its wait begins and every `recheck` seconds.
    `on_end` must hear of every end."""

    def __init__(self, jobs: JobLoader, *, limit: int, recheck: float = _RECHECK) -> None:
        self._jobs = jobs
        self._limit = limit
        self._recheck = recheck
        self._places = 0
        self._hurried = asyncio.Event()
        self._waiting: defaultdict[UUID, set[asyncio.Future[Job]]] = defaultdict(set)

    async def on_end(self, event: JobEvent) -> None:
        """A job is completed, failed or cancelled."""
        for future in self._waiting.get(event.job.job_id, ()):
            if not future.done():
                future.set_result(event.job)

    @property
    def full(self) -> bool:
        """Whether there is no room for another wait."""
        return self._places >= self._limit

    def hurry(self) -> None:
        """The process ends soon: whoever can do without the end of a job gets an answer before."""
        self._hurried.set()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Room for one wait."""
        self._places += 1
        try:
            yield
        finally:
            self._places -= 1

    async def wait(self, job: Job, seconds: float, *, leave: bool = False) -> Job | None:
        """`job` as it ended, or `None` when it has not within `seconds`, or, if `leave`, until `hurry`."""
        if job.state.terminal:
            return job
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._waiting[job.job_id].add(future)  # before the first look: an end falls into one of the two
        looking = asyncio.create_task(self._look(job, future))
        leaving = asyncio.ensure_future(self._hurried.wait())
        ends: set[asyncio.Future[Any]] = {future, leaving} if leave else {future}
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return future.result() if future.done() else None
        finally:
            looking.cancel()
            leaving.cancel()
            self._waiting[job.job_id].discard(future)
            if not self._waiting[job.job_id]:
                del self._waiting[job.job_id]

    async def _look(self, job: Job, future: asyncio.Future[Job]) -> None:
        while not future.done():
            try:
                found = await self._jobs.state(job.owner, job.key)
            except ReelbusError as error:  # an event may still come, and so does the next look
                log.warning("job not seen", extra={"job_id": str(job.job_id), "error": error.message})
            else:
                if found.state.terminal and not future.done():
                    future.set_result(found)
            await asyncio.sleep(self._recheck)


async def while_connected(
    receive: Callable[[], Awaitable[Any]], work: Coroutine[Any, Any, T | None]
) -> T | None:
    """What `work` returns; it is cancelled, and the answer `None`, when the client goes away. `receive` is
    that of a request whose body was read."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
