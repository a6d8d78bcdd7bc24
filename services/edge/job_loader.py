"""Job look-ups in batches: requests that arrive while one call is out share the next one.

Each answer is read after its request arrived, so nobody sees an older state than somebody told him
before; still a thousand polls a second cost a few calls.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from libs.chassis.bus import Bus
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job
from libs.contracts.rpc import GET_JOBS, GetJobs, JobList

_MAX_BATCH = 200
_Waiting = dict[str, list[asyncio.Future[Job]]]


class JobLoader:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: defaultdict[str, _Waiting] = defaultdict(dict)
        self._runners: dict[str, asyncio.Task[None]] = {}

    async def get(self, owner: str, key: str) -> Job:
        """The job of `owner` under `key`. Raises `NotFoundError`, `UnavailableError`."""
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._waiting[owner].setdefault(key, []).append(future)
        if owner not in self._runners:
            self._runners[owner] = asyncio.create_task(self._run(owner))
        return await future

    async def _run(self, owner: str) -> None:
        try:
            while waiting := self._waiting.pop(owner, None):
                rest = dict(list(waiting.items())[_MAX_BATCH:])
                batch = {key: futures for key, futures in waiting.items() if key not in rest}
                if rest:
                    self._waiting[owner] = rest
                await self._load(owner, batch)
        finally:
            del self._runners[owner]

    async def _load(self, owner: str, batch: _Waiting) -> None:
        try:
            found: JobList = await self._bus.call(GET_JOBS, GetJobs(owner=owner, keys=list(batch)))
        except Exception as error:  # every caller gets the failure of the call that they shared
            _settle(batch, {}, error)
        else:
            _settle(batch, {job.key: job for job in found.jobs}, None)


def _settle(batch: _Waiting, jobs: dict[str, Job], error: Exception | None) -> None:
    for key, futures in batch.items():
        for future in futures:
            if future.done():  # its request was cancelled
                continue
            if error is not None:
                future.set_exception(error)
            elif job := jobs.get(key):
                future.set_result(job)
            else:
                future.set_exception(NotFoundError("File not found"))
