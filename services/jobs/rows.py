"""Between rows and the values that the core and the contracts speak of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, null
from uuid_utils.compat import uuid7

from libs.chassis.outbox import MAX_PAYLOAD
from libs.chassis.telemetry import trace_headers
from libs.contracts.base import utcnow
from libs.contracts.errors import InvalidInputError
from libs.contracts.jobs import Job, JobError, JobSpec, JobState
from libs.contracts.rpc import JobDetail
from libs.contracts.tasks import INTERACTIVE, SERVICE_OF, Task, TaskResult, TaskSpec
from libs.media.graph import fingerprint
from services.jobs.models import JobRow, TaskRow
from services.jobs.plans import PlannedTask
from services.jobs.workflow import Flow, TaskNode, TaskState


def result_of(stored: dict[str, Any]) -> TaskResult:
    return cast("TaskResult", msgspec.convert(stored, TaskResult))


def job_columns(*, results: bool) -> list[ColumnElement[Any]]:
    """What `job_of` needs of a row, with or without the result."""
    return [
        getattr(JobRow, name) if results or name != "result" else null().label(name)
        for name in Job.__struct_fields__
    ]


def job_of(row: JobRow | Row[Any]) -> Job:
    """The job as others see it."""
    return Job(
        job_id=row.job_id,
        key=row.key,
        owner=row.owner,
        family=row.family,
        kind=row.kind,
        asset_id=row.asset_id,
        state=JobState(row.state),
        progress=row.progress,
        created_at=row.created_at,
        updated_at=row.updated_at,
        channel=row.channel,
        error=_error(row.error),
        result=result_of(row.result) if row.result and row.state == JobState.COMPLETED.value else None,
    )


def detail_of(row: JobRow | Row[Any]) -> JobDetail:
    """The job with what it was asked to do. Nothing moves `updated_at` after its end."""
    job = job_of(row)
    spec = cast("JobSpec", msgspec.convert(row.spec, JobSpec))
    return JobDetail(job=job, spec=spec, completed_at=job.updated_at if job.state.terminal else None)


def flow_of(row: JobRow, tasks: Sequence[TaskRow]) -> Flow:
    """The job as the state machine sees it."""
    nodes = tuple(
        TaskNode(
            task.task_id,
            task.name,
            TaskState(task.state),
            tuple(task.needs),
            task.weight,
            task.fraction,
            tuple(task.follows),
            _error(task.error),
            bool(task.fingerprint),
        )
        for task in tasks
    )
    result = result_of(row.result) if row.result else None
    return Flow(JobState(row.state), nodes, row.progress, _error(row.error), result, row.independent)


def _error(stored: dict[str, Any] | None) -> JobError | None:
    return msgspec.convert(stored, JobError) if stored else None


def write_flow(flow: Flow, row: JobRow, tasks: Sequence[TaskRow], now: datetime) -> None:
    """Put what the state machine decided into the rows. `updated_at` always moves on, whatever the clocks
    of the replicas say: it orders a job's states for everybody who watches."""
    row.state = flow.state.value
    row.progress = flow.progress
    row.error = msgspec.to_builtins(flow.error)
    row.result = msgspec.to_builtins(flow.result)
    row.updated_at = max(now, row.updated_at + timedelta(microseconds=1))
    nodes = {node.task_id: node for node in flow.tasks}
    for task in tasks:
        _keep_times(task, nodes[task.task_id].state, now)
        task.state = nodes[task.task_id].state.value
        task.fraction = nodes[task.task_id].fraction
        task.error = msgspec.to_builtins(nodes[task.task_id].error)


def _keep_times(task: TaskRow, state: TaskState, now: datetime) -> None:
    """Since when a worker may take it, when one begins for the first time, and when it is over; a task that
    is run again begins anew."""
    if state is TaskState.WAITING and task.state != TaskState.WAITING.value:
        task.waiting_at = now
    if state is TaskState.RUNNING and task.started_at is None:
        task.started_at = now
    if state.terminal and task.ended_at is None:
        task.ended_at = now
    if state is TaskState.BLOCKED or (not state.terminal and task.ended_at is not None):
        task.started_at = task.ended_at = None


def new_job(
    spec: JobSpec,
    *,
    key: str,
    owner: str,
    family: str,
    asset_id: UUID | None = None,
    channel: str | None = None,
    lane: str = INTERACTIVE,
    independent: bool = False,
) -> JobRow:
    now = utcnow()
    return JobRow(
        job_id=uuid7(),
        key=key,
        owner=owner,
        family=family,
        kind=str(type(spec).__struct_config__.tag),
        asset_id=asset_id,
        channel=channel,
        lane=lane,
        state=JobState.PENDING.value,
        independent=independent,
        spec=msgspec.to_builtins(spec),
        created_at=now,
        updated_at=now,
    )


def new_task(
    job: JobRow, position: int, planned: PlannedTask, time_limit: float, *, share: str | None = None
) -> TaskRow:
    """`share` is what dispatch is fair between: by default owners, and within a shared owner its channels."""
    row = TaskRow(
        task_id=uuid7(),
        job_id=job.job_id,
        position=position,
        name=planned.name,
        service=planned.service,
        lane=job.lane,
        owner=job.owner,
        share=share or f"{job.owner}/{job.channel or ''}",
        fingerprint="",
        state=TaskState.BLOCKED.value,
        needs=list(planned.needs),
        follows=list(planned.follows),
        weight=planned.weight,
        time_limit=time_limit,
        payload={},
        trace=trace_headers(),
        created_at=job.created_at,
    )
    if planned.spec is not None:
        _fill(row, planned.spec, planned.fingerprint)
    return row


def fill(row: TaskRow, spec: TaskSpec) -> None:
    """Give a task that was not planned yet what it has to do."""
    row.service = SERVICE_OF[type(spec)]
    _fill(row, spec, fingerprint(spec))


def oversize(row: TaskRow) -> JobError | None:
    """Why a task cannot be sent to anybody: it would stand in the way of all others of its service."""
    if len(msgspec.json.encode(row.payload)) <= MAX_PAYLOAD:
        return None
    return JobError(code=InvalidInputError.code, message="This is made of too much to be done at once.")


def _fill(row: TaskRow, spec: TaskSpec, content: str) -> None:
    task = Task(
        task_id=row.task_id,
        job_id=row.job_id,
        owner=row.owner,
        fingerprint=content,
        spec=spec,
        time_limit=row.time_limit,
    )
    row.fingerprint = content
    row.payload = msgspec.to_builtins(task)
