"""The jobs of a session, as this service asks for them."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from libs.chassis.bus import Bus
from libs.contracts.errors import ConflictError
from libs.contracts.jobs import Job, JobSpec
from libs.contracts.rpc import (
    CANCEL_JOB,
    LIST_CHANNEL_JOBS,
    SUBMIT_JOBS,
    CancelJob,
    JobList,
    ListChannelJobs,
    Submission,
    SubmitJobs,
)
from services.sessions.models import SessionRow
from services.sessions.naming import channel

FAMILY = "motion-photo"


class Jobs:
    """`waiting` tasks of sessions may wait at most, whoever's they are."""

    def __init__(self, bus: Bus, *, waiting: int) -> None:
        self._bus = bus
        self._waiting = waiting

    async def submit(self, row: SessionRow, key: str, spec: JobSpec, *, time_limit: float) -> Job:
        """Raises `UnavailableError` when too many wait."""
        request = SubmitJobs(
            owner=row.owner,
            family=FAMILY,
            submissions=[Submission(key=key, spec=spec)],
            channel=channel(row.session_id),
            time_limit=time_limit,
            max_waiting=self._waiting,
        )
        answer: JobList = await self._bus.call(SUBMIT_JOBS, request)
        return answer.jobs[0]

    async def cancel(self, job_id: UUID, owner: str) -> None:
        """A job that has ended is fine too."""
        with suppress(ConflictError):
            await self._bus.call(CANCEL_JOB, CancelJob(job_id=job_id, owner=owner))

    async def cancel_all(self, row: SessionRow) -> None:
        """Stop everything that is made of the session."""
        request = ListChannelJobs(channel=channel(row.session_id), family=FAMILY)
        found: JobList = await self._bus.call(LIST_CHANNEL_JOBS, request)
        for job in found.jobs:
            await self.cancel(job.job_id, job.owner)
