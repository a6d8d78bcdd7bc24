"""The ends of a session's jobs, waited for as long as the contract and the client do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from litestar.exceptions import HTTPException

from libs.contracts.errors import (
    InternalError,
    MediaError,
    NotFoundError,
    TaskTimeoutError,
    UnavailableError,
)
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import MotionPhotoResult, RenderResult
from services.edge.job_loader import JobLoader
from services.edge.waiting import EndWaiter, while_connected

Receive = Callable[[], Awaitable[Any]]

CLOSED = "There is no such session, or it has expired."


class Ends:
    def __init__(self, jobs: JobLoader, waiter: EndWaiter) -> None:
        self._jobs = jobs
        self._waiter = waiter

    @contextmanager
    def place(self) -> Iterator[None]:
        """Room for one request that will wait. Raises `UnavailableError`."""
        if self._waiter.full:
            raise UnavailableError("Too many requests wait; try again.")
        with self._waiter.place():
            yield

    async def ended(self, job: Job, seconds: float, receive: Receive) -> Job:
        """`job` as it is when it has ended, or after `seconds`. Raises `HTTPException` (499) when the client
        goes away before."""
        found = await while_connected(receive, self._ended(job, seconds))
        if found is None:
            raise HTTPException(status_code=499, detail="The client went away.")
        return found

    async def _ended(self, job: Job, seconds: float) -> Job:
        found = await self._waiter.wait(job, seconds)
        if found is None or (found.state is JobState.COMPLETED and found.result is None):
            found = await self._jobs.get(job.owner, job.key)
        return found


def artifact_of(job: Job) -> ObjectRef:
    """What a job of a session made. Raises `MediaError` when it failed, `UnavailableError` when that was for
    want of what it depends on, `NotFoundError` when it was cancelled because its session was closed; and when
    it ought to have ended, `UnavailableError` for one that did not even begin, `TaskTimeoutError` for one
    that did."""
    match job.state:
        case JobState.COMPLETED:
            if isinstance(job.result, (RenderResult, MotionPhotoResult)):
                return job.result.artifact
            raise InternalError("The job is done, but its result is not known.")
        case JobState.CANCELLED:
            raise NotFoundError(CLOSED)
        case JobState.FAILED:
            if job.error is not None and job.error.code == UnavailableError.code:
                raise UnavailableError(job.error.message)
            raise MediaError(job.error.message if job.error else "The video could not be processed.")
        case JobState.PENDING:
            raise UnavailableError("Too much other work was to be done first; try again.")
        case _:
            raise TaskTimeoutError("The video took too long to process.")
