"""Jobs of a user that are there: looked up, listed, cancelled; and what came out of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from libs.chassis.batches import Batches
from libs.chassis.bus import Bus
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job
from libs.contracts.jobs_view import output_name
from libs.contracts.rpc import (
    CANCEL_JOB,
    GET_DETAILS,
    LIST_JOBS,
    CancelJob,
    GetDetails,
    JobDetail,
    JobDetails,
    JobPage,
    ListJobs,
    OwnedJob,
)
from libs.contracts.tasks import RenderResult
from services.edge.contracts.jobs.schemas import FAMILY

_JOB = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_UNKNOWN = "Job not found"
_MAX_BATCH = 10
"""Jobs of one call."""


class Records:
    """Jobs of others, and those of other families, are not found."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._details: Batches[None, OwnedJob, JobDetail] = Batches(self._load, lambda _: _MAX_BATCH)

    async def get(self, job_id: str, owner: str) -> JobDetail:
        """Raises `NotFoundError`, also for what no job is called."""
        if not _JOB.fullmatch(job_id):
            raise NotFoundError(_UNKNOWN)
        found = await self._details.get(None, OwnedJob(job_id=UUID(job_id), owner=owner))
        if found is None or found.job.family != FAMILY:
            raise NotFoundError(_UNKNOWN)
        return found

    async def _load(self, _: None, asked: list[OwnedJob]) -> dict[OwnedJob, JobDetail]:
        found: JobDetails = await self._bus.call(GET_DETAILS, GetDetails(jobs=asked))
        return {OwnedJob(job_id=each.job.job_id, owner=each.job.owner): each for each in found.details}

    async def page(self, request: ListJobs) -> JobPage:
        found: JobPage = await self._bus.call(LIST_JOBS, request)
        return found

    async def cancel(self, job_id: str, owner: str) -> Job:
        """The job, which is cancelled. Raises `NotFoundError`, `ConflictError` when it ended otherwise."""
        known = await self.get(job_id, owner)
        with _in_our_words():
            found: Job = await self._bus.call(CANCEL_JOB, CancelJob(job_id=known.job.job_id, owner=owner))
        return found

    async def output(self, job_id: str, name: str | None, owner: str) -> RenderResult:
        """What came out of a completed job, if it is called `name` (`None`: whatever it is called). Raises
        `NotFoundError`."""
        job = (await self.get(job_id, owner)).job
        if not isinstance(job.result, RenderResult) or name not in (None, output_name(job)):
            raise NotFoundError("File not found")
        return job.result


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except NotFoundError as error:
        raise NotFoundError(_UNKNOWN) from error
