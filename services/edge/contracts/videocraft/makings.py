"""Jobs of the family: looked up, listed, cancelled."""

from __future__ import annotations

import re
from uuid import UUID

from libs.chassis.batches import Batches
from libs.chassis.bus import Bus
from libs.contracts.errors import ConflictError, NotFoundError
from libs.contracts.jobs import Job
from libs.contracts.movies import GET_MAKING, LIST_MAKINGS, GetMaking, ListMakings, Making, Makings
from libs.contracts.rpc import CANCEL_JOB, CancelJob
from services.edge.contracts.videocraft.errors import JOB_NOT_CANCELLABLE, unknown_job
from services.edge.contracts.videocraft.schemas import FAMILY

_JOB = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)


class MakingRecords:
    """Jobs of others, and those of other families, are not found."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._makings: Batches[GetMaking, GetMaking, Making] = Batches(self._load, lambda _: 1)

    async def get(self, job_id: str, owner: str) -> Making:
        """Raises `NotFoundError`, also for what no job is called."""
        if not _JOB.fullmatch(job_id):
            raise unknown_job()
        found = await self.find(UUID(job_id), owner)
        if found is None:
            raise unknown_job()
        return found

    async def find(self, job_id: UUID, owner: str) -> Making | None:
        """Those who ask for the same job at once share an answer, which is not older than their questions."""
        asked = GetMaking(job_id=job_id, owner=owner, family=FAMILY)
        return await self._makings.get(asked, asked)

    async def page(self, asked: ListMakings) -> Makings:
        found: Makings = await self._bus.call(LIST_MAKINGS, asked)
        return found

    async def cancel(self, job_id: str, owner: str) -> Job:
        """The job, which is cancelled. Raises `NotFoundError`, `ConflictError` when it ended otherwise."""
        known = await self.get(job_id, owner)
        try:
            found: Job = await self._bus.call(CANCEL_JOB, CancelJob(job_id=known.job.job_id, owner=owner))
        except NotFoundError as error:
            raise unknown_job() from error
        except ConflictError as error:
            words = f"Job cannot be cancelled: {error.message}"
            raise ConflictError(words, error_code=JOB_NOT_CANCELLABLE) from error
        return found

    async def _load(self, asked: GetMaking, _: list[GetMaking]) -> dict[GetMaking, Making]:
        try:
            found: Making = await self._bus.call(GET_MAKING, asked)
        except NotFoundError:
            return {}
        return {asked: found}
