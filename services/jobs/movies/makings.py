"""Jobs with their steps, as they are told to others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, DateTime, func, literal, text
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import JobSpec, JobState, StepState
from libs.contracts.movies import GetMaking, ListMakings, Making, Makings, Step
from libs.contracts.tasks import TaskResult
from services.jobs.models import JobRow, TaskRow
from services.jobs.movies.estimate import Pace, kind_of, ready_at
from services.jobs.repository import Repository
from services.jobs.results import known_results
from services.jobs.rows import job_of
from services.jobs.workflow import TaskState

_STATES = {
    TaskState.RUNNING: StepState.IN_PROGRESS,
    TaskState.COMPLETED: StepState.COMPLETED,
    TaskState.FAILED: StepState.FAILED,
    TaskState.CANCELLED: StepState.CANCELLED,
}
_USUAL = text("""
SELECT split_part(name, '.', 1),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - started_at))
FROM jobs.tasks
WHERE state = 'completed' AND started_at IS NOT NULL AND job_id IN (
    SELECT job_id FROM jobs.jobs WHERE owner = :owner AND family = :family AND state = 'completed'
    ORDER BY created_at DESC LIMIT 20
) GROUP BY 1
""")
"""Median seconds of each kind of task in the last jobs of an owner."""
_LONG = {"fetch"}
"""Kinds of steps whose results are not told: with the probes of 200 files no message could hold them."""


class MovieStore:
    """Reads jobs with their steps."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def get(self, request: GetMaking) -> Making:
        """Raises `NotFoundError` for what is not there, not the owner's or of another family."""
        async with self._repository.transaction() as session:
            row = await self._repository.owned_job(session, request.job_id, request.owner)
            if row.family != request.family:
                raise NotFoundError("There is no such job.")
            return await making_of(session, row)

    async def page(self, request: ListMakings) -> Makings:
        chosen = _chosen(request)
        newest = (
            select(JobRow)
            .where(*chosen)
            .order_by(col(JobRow.created_at).desc(), col(JobRow.job_id).desc())
            .limit(request.limit)
            .offset(request.offset)
            .options(defer(JobRow.spec))  # type: ignore[arg-type]  # SQLModel's fields are typed as values
        )
        async with self._repository.transaction() as session:
            total = (await session.exec(select(func.count()).select_from(JobRow).where(*chosen))).one()
            rows = list(await session.exec(newest))
            tasks = await _tasks(session, [row.job_id for row in rows])
        now = utcnow()
        return Makings(
            total=total,
            makings=[
                Making(
                    job=job_of(row) if request.kept else msgspec.structs.replace(job_of(row), result=None),
                    steps=[_step(task, now) for task in _typical(tasks[row.job_id])],
                    completed_at=_ended(row),
                    removed_at=row.removed_at,
                )
                for row in rows
            ],
        )


async def making_of(session: AsyncSession, row: JobRow) -> Making:
    """All of it, the spec and the results of its steps included."""
    now = utcnow()
    tasks = (await _tasks(session, [row.job_id]))[row.job_id]
    wanted = [task.fingerprint for task in tasks if task.fingerprint and kind_of(task.name) not in _LONG]
    results = await known_results(session, wanted)
    job = job_of(row)
    return Making(
        job=job,
        steps=[_step(task, now, results) for task in tasks],
        spec=msgspec.convert(row.spec, JobSpec),
        ready_at=None if job.state.terminal else await _ready_at(session, row, tasks, now),
        completed_at=_ended(row),
        removed_at=row.removed_at,
    )


async def _ready_at(
    session: AsyncSession, row: JobRow, tasks: Sequence[TaskRow], now: datetime
) -> datetime | None:
    found = await session.execute(_USUAL, {"owner": row.owner, "family": row.family})
    usual = {kind: float(seconds) for kind, seconds in found}
    paces = [
        Pace(
            name=task.name,
            done=TaskState(task.state) is TaskState.COMPLETED,
            begun=task.started_at is not None,
            seconds=_seconds(task, now),
            fraction=task.fraction,
            needs=tuple(task.needs),
        )
        for task in tasks
    ]
    return ready_at(paces, usual, now)


async def _tasks(session: AsyncSession, job_ids: Sequence[UUID]) -> Mapping[UUID, list[TaskRow]]:
    """In the order of their plans."""
    query = select(TaskRow).where(col(TaskRow.job_id).in_(job_ids)).order_by(col(TaskRow.position))
    small = [defer(getattr(TaskRow, name)) for name in ("payload", "trace")]
    found: defaultdict[UUID, list[TaskRow]] = defaultdict(list)
    for task in await session.exec(query.options(*small)):
        found[task.job_id].append(task)
    return found


def _typical(tasks: Sequence[TaskRow]) -> list[TaskRow]:
    """The first of each kind and state: a page has 100 jobs, and a job may have hundreds of tasks."""
    return list({(kind_of(task.name), task.state): task for task in reversed(tasks)}.values())[::-1]


def _step(task: TaskRow, now: datetime, results: Mapping[str, TaskResult] | None = None) -> Step:
    state = _STATES.get(TaskState(task.state), StepState.PENDING)
    completed = state is StepState.COMPLETED
    return Step(
        name=task.name,
        state=state,
        fraction=task.fraction,
        known=completed and task.started_at is None,
        started_at=task.started_at or (task.ended_at if completed else None),
        ended_at=task.ended_at,
        seconds=_seconds(task, now),
        result=(results or {}).get(task.fingerprint) if completed else None,
    )


def _seconds(task: TaskRow, now: datetime) -> float:
    if task.started_at is None:
        return 0.0
    return round(max(((task.ended_at or now) - task.started_at).total_seconds(), 0.0), 3)


def _ended(row: JobRow) -> datetime | None:
    return row.updated_at if JobState(row.state).terminal else None


def _chosen(request: ListMakings) -> list[ColumnElement[bool]]:
    chosen = [col(JobRow.owner) == request.owner, col(JobRow.family) == request.family]
    if request.states is not None:
        chosen.append(col(JobRow.state).in_([state.value for state in request.states]))
    if request.after is not None:
        chosen.append(col(JobRow.created_at) >= _following(request.after))
    if request.before is not None:
        whole = request.before.microsecond == 0
        chosen.append(col(JobRow.created_at) < (request.before if whole else _following(request.before)))
    if request.kept:
        chosen += [col(JobRow.state) == JobState.COMPLETED.value, col(JobRow.removed_at).is_(None)]
    return chosen


def _following(time: datetime) -> ColumnElement[datetime]:
    """The next whole second. Bounds are moved, and not the column, so that its index serves; the database
    adds, for which the year 9999 is not the last."""
    return literal(time.replace(microsecond=0), DateTime(timezone=True)) + timedelta(seconds=1)
