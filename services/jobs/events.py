"""Which event a change of a job's state is."""

from __future__ import annotations

from typing import get_args

from prometheus_client import Counter
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.chassis.advisories import CRASHED
from libs.chassis.outbox import Outbox
from libs.contracts.errors import CODES, InternalError
from libs.contracts.jobs import (
    JOB_CANCELLED,
    JOB_COMPLETED,
    JOB_CREATED,
    JOB_FAILED,
    Job,
    JobCancelled,
    JobCompleted,
    JobCreated,
    JobFailed,
    JobSpec,
    JobState,
)
from services.jobs.workflow import TASKS_FAILED

JOBS_TOTAL = Counter("reelbus_jobs_total", "Jobs by kind and the state that they reached.", ["kind", "state"])
FAILURES_TOTAL = Counter(
    "reelbus_job_failures_total", "Failed jobs by kind and the code of the error.", ["kind", "code"]
)
for _kind in get_args(JobSpec):  # from the start, so that the first failure is an increase
    for _state in ("created", *(state.value for state in JobState if state.terminal)):
        JOBS_TOTAL.labels(_kind.__struct_config__.tag, _state)
    for _code in (*CODES, CRASHED, TASKS_FAILED):
        FAILURES_TOTAL.labels(_kind.__struct_config__.tag, _code)


async def record_created(outbox: Outbox, session: AsyncSession, job: Job) -> None:
    """Say that a job exists now."""
    JOBS_TOTAL.labels(job.kind, "created").inc()
    await outbox.add(session, JOB_CREATED.subject, JobCreated(job=job), message_id=f"{job.job_id}.created")


async def record(outbox: Outbox, session: AsyncSession, before: JobState, job: Job) -> None:
    """Say that a job reached its end, if it just did."""
    if job.state is before or not job.state.terminal:
        return
    JOBS_TOTAL.labels(job.kind, job.state.value).inc()
    if job.state is JobState.FAILED:
        FAILURES_TOTAL.labels(job.kind, job.error.code if job.error else InternalError.code).inc()
    message_id = f"{job.job_id}.{job.state.value}.{job.updated_at.timestamp():.6f}"
    match job.state:
        case JobState.COMPLETED:
            await outbox.add(session, JOB_COMPLETED.subject, JobCompleted(job=job), message_id=message_id)
        case JobState.FAILED:
            await outbox.add(session, JOB_FAILED.subject, JobFailed(job=job), message_id=message_id)
        case JobState.CANCELLED:
            await outbox.add(session, JOB_CANCELLED.subject, JobCancelled(job=job), message_id=message_id)
