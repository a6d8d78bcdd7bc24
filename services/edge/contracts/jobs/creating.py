"""`POST /jobs`: from what is wanted to a job, once for each idempotency key."""

from __future__ import annotations

import hashlib

from uuid_utils.compat import uuid7

from libs.chassis.bus import Bus
from libs.contracts.access import Principal
from libs.contracts.errors import ConflictError, UnavailableError
from libs.contracts.jobs import Job, VideoEditSpec
from libs.contracts.rpc import (
    GET_JOB,
    GET_JOBS,
    SUBMIT_JOBS,
    GetJob,
    GetJobs,
    JobDetail,
    JobList,
    Submission,
    SubmitJobs,
)
from services.edge.contracts.jobs.fields import same
from services.edge.contracts.jobs.inputs import NewEdit
from services.edge.contracts.jobs.schemas import FAMILY
from services.edge.contracts.jobs.sources import Sources

_SUBMIT_TRIES = 3


class Creating:
    """A user has at most `most` unfinished jobs (`None`: any number)."""

    def __init__(self, bus: Bus, sources: Sources, *, most: int | None) -> None:
        self._bus = bus
        self._sources = sources
        self._most = most

    async def create(self, principal: Principal, new: NewEdit, base: str, idempotency_key: str | None) -> Job:
        """The job; that of the first request with this key of the same user. `base` as in `Sources.find`.
        Raises `InvalidInputError` for an `input_path` that names nothing, `ConflictError` when that first
        request wanted something else, `TooManyRequestsError` when too many jobs are unfinished."""
        if idempotency_key is None:
            return await self._submit(principal, new, base, f"job/{uuid7()}")
        key = f"job/idem/{hashlib.sha256(idempotency_key.encode()).hexdigest()}"
        request = GetJobs(owner=principal.owner, keys=[key], results=False)
        known: JobList = await self._bus.call(GET_JOBS, request)
        # of requests at the same time jobs lets one make the job, and answers all with it
        job = known.jobs[0] if known.jobs else await self._submit(principal, new, base, key)
        await self._check_same(job, new)
        return job

    async def _submit(self, principal: Principal, new: NewEdit, base: str, key: str) -> Job:
        found = await self._sources.find(new.input_path, principal.owner, base)
        spec = VideoEditSpec(wanted=new.wanted, source=found.stored, url=found.url, given=new.given)
        request = SubmitJobs(
            owner=principal.owner,
            family=FAMILY,
            channel=f"user/{principal.user_id}",
            submissions=[Submission(key=key, spec=spec)],
            max_unfinished=self._most,
        )
        left = _SUBMIT_TRIES
        while True:
            left -= 1
            try:  # submitting a known key again is harmless
                jobs: JobList = await self._bus.call(SUBMIT_JOBS, request)
            except UnavailableError:
                if not left:
                    raise
            else:
                return jobs.jobs[0]

    async def _check_same(self, job: Job, new: NewEdit) -> None:
        detail: JobDetail = await self._bus.call(GET_JOB, GetJob(job_id=job.job_id, owner=job.owner))
        if not isinstance(detail.spec, VideoEditSpec) or not same(detail.spec.given, new.given):
            raise ConflictError("This Idempotency-Key was used for another request already.")
