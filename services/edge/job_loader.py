"""Jobs by their keys, looked up in batches."""

from __future__ import annotations

from libs.chassis.batches import Batches
from libs.chassis.bus import Bus
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job
from libs.contracts.rpc import GET_JOBS, GetJobs, JobList

_MAX_BATCH = {True: 20, False: 200}
"""Keys of one call, with and without results; a reply has at most 1 MB."""
_Kind = tuple[str, bool]
"""Owner, and whether results are wanted."""


class JobLoader:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._jobs: Batches[_Kind, str, Job] = Batches(self._load, lambda kind: _MAX_BATCH[kind[1]])

    @property
    def idle(self) -> bool:
        """Whether nobody waits for an answer."""
        return self._jobs.idle

    async def state(self, owner: str, key: str) -> Job:
        """The job of `owner` under `key`, without its result. Raises `NotFoundError`, `UnavailableError`."""
        return await self._get((owner, False), key)

    async def get(self, owner: str, key: str) -> Job:
        """As `state`, with its result."""
        return await self._get((owner, True), key)

    async def _get(self, kind: _Kind, key: str) -> Job:
        found = await self._jobs.get(kind, key)
        if found is None:
            raise NotFoundError("File not found")
        return found

    async def _load(self, kind: _Kind, keys: list[str]) -> dict[str, Job]:
        owner, results = kind
        found: JobList = await self._bus.call(GET_JOBS, GetJobs(owner=owner, keys=keys, results=results))
        return {job.key: job for job in found.jobs}
