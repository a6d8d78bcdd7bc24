"""From a request to rows: plan every spec, answer from known results, queue the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.errors import MediaError
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import Asset
from libs.contracts.rpc import Submission, SubmitJobs
from services.jobs import events, workflow
from services.jobs.models import JobRow, TaskRow
from services.jobs.planner import PlannedTask, plan
from services.jobs.repository import Repository, known_results
from services.jobs.rows import flow_of, job_of, new_job, new_task, write_flow

_TRIES = 3
GetAsset = Callable[[UUID, str], Awaitable[Asset]]


class Submitter:
    """`get_asset(asset_id, owner)` raises `NotFoundError` for what is not the owner's."""

    def __init__(self, repository: Repository, get_asset: GetAsset, *, time_limit: float) -> None:
        self._repository = repository
        self._get_asset = get_asset
        self._time_limit = time_limit

    async def submit(self, request: SubmitJobs) -> list[Job]:
        """The jobs of `request`, in its order; a known key answers the job that exists."""
        assets = {
            asset_id: await self._get_asset(asset_id, request.owner)
            for asset_id in {each.spec.asset_id for each in request.submissions}
        }
        for _ in range(_TRIES - 1):
            with suppress(IntegrityError):  # a replica got the same request: its jobs are there next time
                return await self._write(request, assets)
        return await self._write(request, assets)

    async def _write(self, request: SubmitJobs, assets: dict[UUID, Asset]) -> list[Job]:
        async with self._repository.transaction() as session:
            jobs = await self._existing(session, request)
            for each in request.submissions:
                if each.key not in jobs:
                    jobs[each.key] = await self._create(session, request, each, assets[each.spec.asset_id])
        return [jobs[each.key] for each in request.submissions]

    async def _existing(self, session: AsyncSession, request: SubmitJobs) -> dict[str, Job]:
        keys = [each.key for each in request.submissions]
        rows = await session.exec(
            select(JobRow).where(col(JobRow.owner) == request.owner, col(JobRow.key).in_(keys))
        )
        return {row.key: job_of(row) for row in rows}

    async def _create(
        self, session: AsyncSession, request: SubmitJobs, submission: Submission, asset: Asset
    ) -> Job:
        now = utcnow()
        row = new_job(request, submission, now)
        session.add(row)
        await session.flush()
        await events.record_created(self._repository.outbox, session, job_of(row))
        try:
            planned = plan(submission.spec, asset)
        except MediaError as error:
            row.state = JobState.FAILED.value
            row.error = {"code": error.code, "message": error.message}
        else:
            await self._enqueue(session, row, planned)
        job = job_of(row)
        await events.record(self._repository.outbox, session, JobState.PENDING, job)
        return job

    async def _enqueue(self, session: AsyncSession, row: JobRow, planned: list[PlannedTask]) -> None:
        tasks: list[TaskRow] = [
            new_task(row, position, task, self._time_limit) for position, task in enumerate(planned)
        ]
        results = await known_results(session, [task.fingerprint for task in tasks])
        flow = workflow.unblock(flow_of(row, tasks))
        for task in tasks:
            if result := results.get(task.fingerprint):
                flow = workflow.completed(flow, task.task_id, result)
        write_flow(flow, row, tasks, row.created_at)
        session.add_all(tasks)
