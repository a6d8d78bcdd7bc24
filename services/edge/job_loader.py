"""Job look-ups in batches: requests that arrive while one call is out share the next one.

Each answer is read after its request arrived, so nobody sees an older state than somebody told him
before; still a thousand polls a second cost a few calls.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

from libs.chassis.bus import Bus
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job
from libs.contracts.rpc import GET_JOBS, GetJobs, JobList

_MAX_BATCH = {True: 20, False: 200}
"""Keys of one call, with and without results; a reply has at most 1 MB."""
_CALLS = 2
"""Calls of one kind that are out at once: while one is answered the next is collected."""

_Waiting = dict[str, list[asyncio.Future[Job]]]
_Kind = tuple[str, bool]
"""Owner, and whether results are wanted."""


class JobLoader:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: defaultdict[_Kind, _Waiting] = defaultdict(dict)
        self._running: Counter[_Kind] = Counter()
        self._runners: set[asyncio.Task[None]] = set()

    async def state(self, owner: str, key: str) -> Job:
        """The job of `owner` under `key`, without its result. Raises `NotFoundError`, `UnavailableError`."""
        return await self._get((owner, False), key)

    async def get(self, owner: str, key: str) -> Job:
        """As `state`, with its result."""
        return await self._get((owner, True), key)

    async def _get(self, kind: _Kind, key: str) -> Job:
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._waiting[kind].setdefault(key, []).append(future)
        if self._running[kind] < _CALLS:
            self._running[kind] += 1
            runner = asyncio.create_task(self._run(kind))
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)
        return await future

    async def _run(self, kind: _Kind) -> None:
        try:
            while waiting := self._waiting.pop(kind, None):
                rest = dict(list(waiting.items())[_MAX_BATCH[kind[1]] :])
                if rest:
                    self._waiting[kind] = rest
                await self._load(kind, {key: waiting[key] for key in waiting if key not in rest})
        finally:  # at once: who asks before a callback ran would find a runner that runs no more
            self._running[kind] -= 1
            if not self._running[kind]:
                del self._running[kind]

    async def _load(self, kind: _Kind, batch: _Waiting) -> None:
        owner, results = kind
        try:
            request = GetJobs(owner=owner, keys=list(batch), results=results)
            found: JobList = await self._bus.call(GET_JOBS, request)
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
