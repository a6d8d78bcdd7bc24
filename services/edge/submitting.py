"""From what a request wants to a job, once for each idempotency key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

from uuid_utils.compat import uuid7

from libs.chassis.bus import Bus
from libs.contracts.access import Principal
from libs.contracts.errors import ConflictError, InvalidInputError, UnavailableError
from libs.contracts.jobs import ComposeSpec, Job, VideoEditSpec
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
from services.edge.given import same

IDEMPOTENCY_KEY = "Idempotency-Key"

_SUBMIT_TRIES = 3
_KEY = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?", re.ASCII)

Spec = VideoEditSpec | ComposeSpec
"""Specs that keep what was `given`."""


class Submitting:
    """Jobs of a family, whose keys begin with `prefix`. A user has at most `most` unfinished jobs (`None`:
    any number)."""

    def __init__(self, bus: Bus, *, family: str, prefix: str, most: int | None) -> None:
        self._bus = bus
        self._family = family
        self._prefix = prefix
        self._most = most

    async def run(
        self,
        principal: Principal,
        idempotency_key: str | None,
        given: dict[str, Any],
        spec: Callable[[], Awaitable[Spec]],
        *,
        channel: str | None = None,
    ) -> Job:
        """A job to do what `spec` says, which is only asked for a new one; the job of the first request with
        this key of the same user. Raises what `spec` does, `ConflictError` when that first request gave
        something else, `TooManyRequestsError` when too many jobs are unfinished."""
        if idempotency_key is None:
            return await self._submit(principal, f"{self._prefix}/{uuid7()}", await spec(), channel)
        key = f"{self._prefix}/idem/{hashlib.sha256(idempotency_key.encode()).hexdigest()}"
        request = GetJobs(owner=principal.owner, keys=[key], results=False)
        known: JobList = await self._bus.call(GET_JOBS, request)
        if known.jobs:
            job = known.jobs[0]
        else:  # of requests at the same time jobs lets one make the job, and answers all with it
            job = await self._submit(principal, key, await spec(), channel)
        await self._check_same(job, given)
        return job

    async def _submit(self, principal: Principal, key: str, spec: Spec, channel: str | None) -> Job:
        request = SubmitJobs(
            owner=principal.owner,
            family=self._family,
            channel=channel,
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

    async def _check_same(self, job: Job, given: dict[str, Any]) -> None:
        detail: JobDetail = await self._bus.call(GET_JOB, GetJob(job_id=job.job_id, owner=job.owner))
        if not isinstance(detail.spec, Spec) or not same(detail.spec.given, given):
            raise ConflictError(f"This {IDEMPOTENCY_KEY} was used for another request already.")


def idempotency_key_of(headers: list[str]) -> str | None:
    """The key of a request, if it has one. Raises `InvalidInputError`."""
    if not headers:
        return None
    if len(headers) > 1 or not _KEY.fullmatch(headers[0]):
        raise InvalidInputError("Value must have 1 to 255 visible ASCII characters, once")
    return headers[0]
