"""Reads and writes of jobs' tables. A job is changed under its row's lock; events leave with the change
through the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_
from sqlalchemy import select as sa_select
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.chassis.database import Database
from libs.chassis.outbox import Outbox
from libs.contracts.base import utcnow
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job, JobState
from libs.contracts.rpc import JobDetail, JobPage, ListJobs, OwnedJob
from services.jobs import events
from services.jobs.editor.finish import settle
from services.jobs.growth import grow
from services.jobs.models import OUTBOX, JobRow, TaskRow
from services.jobs.rows import detail_of, flow_of, job_columns, job_of, write_flow
from services.jobs.workflow import Flow, TaskState

TERMINAL = [state.value for state in JobState if state.terminal]
UNWANTED = [TaskState.FAILED.value, TaskState.CANCELLED.value]
_SMALL = [defer(getattr(TaskRow, name)) for name in ("payload", "trace")]
"""What the state machine does not look at is not read with every change."""


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.outbox = Outbox(OUTBOX)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._database.transaction() as session:
            yield session

    async def change(self, task_id: UUID, step: Callable[[Flow], Flow | None]) -> Job | None:
        """Apply a step of the state machine to the job of a task. `None` when the step refuses.
        Raises `NotFoundError` for an unknown task."""
        async with self.transaction() as session:
            return await self.change_task(session, task_id, step)

    async def change_task(
        self, session: AsyncSession, task_id: UUID, step: Callable[[Flow], Flow | None]
    ) -> Job | None:
        """As `change`, within a transaction."""
        job_id = (await session.exec(select(TaskRow.job_id).where(TaskRow.task_id == task_id))).first()
        if job_id is None:
            raise NotFoundError("There is no such task.")
        return await self.change_job(session, job_id, step)

    async def change_job(
        self, session: AsyncSession, job_id: UUID, step: Callable[[Flow], Flow | None]
    ) -> Job | None:
        """As `change`, by job, within a transaction, whatever the session saw of the job before."""
        await session.flush()
        row = await self.locked_job(session, job_id)
        tasks = list(
            await session.exec(
                select(TaskRow)
                .where(TaskRow.job_id == job_id)
                .order_by(col(TaskRow.position))
                .options(*_SMALL),
                execution_options={"populate_existing": True},
            )
        )
        before = flow_of(row, tasks)
        after = step(before)
        if after is None or after == before:
            return None if after is None else job_of(row)
        after = await grow(session, row, tasks, after)
        write_flow(after, row, tasks, utcnow())
        if after.state is not before.state:
            await settle(session, row, tasks)
        job = job_of(row)
        await events.record(self.outbox, session, before.state, job)
        return job

    async def locked_job(self, session: AsyncSession, job_id: UUID) -> JobRow:
        """The job as it is now, which nobody else changes until the transaction ends."""
        row = await session.get(JobRow, job_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFoundError("There is no such job.")
        return row

    async def jobs(self, owner: str, keys: Sequence[str], *, results: bool = True) -> list[Job]:
        """The jobs of `owner` under `keys`, in no particular order. The hot path of status polling: plain
        rows instead of mapped objects."""
        columns = job_columns(results=results)
        query = sa_select(*columns).where(col(JobRow.owner) == owner, col(JobRow.key).in_(list(keys)))
        async with self.transaction() as session:
            return [job_of(row) for row in await session.execute(query)]

    async def channel_jobs(
        self, channel: str, finished_within: float, family: str | None = None
    ) -> list[Job]:
        """Unfinished jobs of a channel and the recently finished ones, oldest first, without results."""
        recent = col(JobRow.updated_at) > utcnow() - timedelta(seconds=finished_within)
        theirs = [] if family is None else [col(JobRow.family) == family]
        async with self.transaction() as session:
            rows = await session.execute(
                sa_select(*job_columns(results=False))
                .where(
                    col(JobRow.channel) == channel,
                    or_(col(JobRow.state).not_in(TERMINAL), recent),
                    *theirs,
                )
                .order_by(col(JobRow.created_at))
                .limit(1000)
            )
            return [job_of(row) for row in rows if finished_within or row.state not in TERMINAL]

    async def page(self, request: ListJobs) -> JobPage:
        """One page of an owner's jobs, and how many there are."""
        chosen = [col(JobRow.owner) == request.owner, col(JobRow.family) == request.family]
        if request.states is not None:
            chosen.append(col(JobRow.state).in_([state.value for state in request.states]))
        newest = (
            sa_select(*job_columns(results=False))
            .where(*chosen)
            .order_by(col(JobRow.created_at).desc(), col(JobRow.job_id).desc())
            .limit(request.limit)
            .offset(request.offset)
        )
        async with self.transaction() as session:
            total = (await session.execute(sa_select(func.count()).where(*chosen))).scalar_one()
            return JobPage(total=total, jobs=[job_of(row) for row in await session.execute(newest)])

    async def detail(self, job_id: UUID, owner: str) -> JobDetail:
        """Raises `NotFoundError` as `owned_job` does."""
        async with self.transaction() as session:
            return detail_of(await self.owned_job(session, job_id, owner))

    async def details(self, asked: Collection[OwnedJob]) -> list[JobDetail]:
        """Those that are there and their owner's. The hot path of polling: plain rows instead of mapped
        objects."""
        ids = {each.job_id for each in asked}
        query = sa_select(*job_columns(results=True), col(JobRow.spec)).where(col(JobRow.job_id).in_(ids))
        async with self.transaction() as session:
            rows = await session.execute(query)
            return [detail_of(row) for row in rows if OwnedJob(job_id=row.job_id, owner=row.owner) in asked]

    async def ended_in_vain(self, session: AsyncSession, task_id: UUID) -> bool:
        """Whether the task ended without a result, so that one that comes late is of no use."""
        state = select(TaskRow.state).where(TaskRow.task_id == task_id)
        return (await session.exec(state)).first() in UNWANTED

    async def unwanted_tasks(self, job_id: UUID) -> list[UUID]:
        """Tasks of a job that a worker may still run, but whose work is of no use any more."""
        query = select(TaskRow.task_id).where(TaskRow.job_id == job_id, col(TaskRow.state).in_(UNWANTED))
        async with self.transaction() as session:
            return list(await session.exec(query))

    async def owned_job(self, session: AsyncSession, job_id: UUID, owner: str) -> JobRow:
        """Raises `NotFoundError` when there is none or it is somebody else's."""
        row = await session.get(JobRow, job_id)
        if row is None or row.owner != owner:
            raise NotFoundError("There is no such job.")
        return row
