"""From a request to rows: plan every spec, answer from known results, queue the rest where there is room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.errors import InvalidInputError, MediaError, TooManyRequestsError, UnavailableError
from libs.contracts.jobs import ComposeSpec, EditQueueSpec, Job, JobSpec, JobState, VideoEditSpec
from libs.contracts.media import Asset
from libs.contracts.rpc import Submission, SubmitJobs
from services.jobs import events, workflow
from services.jobs.growth import grow
from services.jobs.models import JobRow, TaskRow
from services.jobs.movies.plan import plan_movie
from services.jobs.planner import AssetSpec, plan, plan_video_edit
from services.jobs.plans import PlannedTask
from services.jobs.repository import Repository
from services.jobs.results import known_results
from services.jobs.rows import flow_of, job_of, new_job, new_task, oversize, write_flow

_TRIES = 3
Bringing = VideoEditSpec | ComposeSpec
"""Specs that bring along what they are about."""
GetAsset = Callable[[UUID, str], Awaitable[Asset]]

_WAITING = text("""
SELECT count(*) FROM jobs.tasks WHERE service = :service AND state IN ('waiting', 'blocked')
""")


_UNFINISHED = text("""
SELECT count(*) FROM (
    SELECT FROM jobs.jobs WHERE owner = :owner AND state IN ('pending', 'processing') LIMIT :most
) AS found
""")
_LATER = 30
"""Seconds after which somebody with too many unfinished jobs may have fewer."""


class Submitter:
    """`get_asset(asset_id, owner)` raises `NotFoundError` for what is not the owner's."""

    def __init__(
        self, repository: Repository, get_asset: GetAsset, *, time_limit: float, speech_model: str = ""
    ) -> None:
        self._speech_model = speech_model
        self._repository = repository
        self._get_asset = get_asset
        self._time_limit = time_limit

    async def submit(self, request: SubmitJobs) -> list[Job]:
        """The jobs of `request`, in its order; a known key answers the job that exists."""
        specs = [submitted(each.spec) for each in request.submissions]
        wanted = {spec.asset_id for spec in specs if not isinstance(spec, Bringing)}
        assets = {asset_id: await self._get_asset(asset_id, request.owner) for asset_id in wanted}
        for _ in range(_TRIES - 1):
            with suppress(IntegrityError):  # a replica got the same request: its jobs are there next time
                return await self._write(request, assets)
        return await self._write(request, assets)

    async def _write(self, request: SubmitJobs, assets: dict[UUID, Asset]) -> list[Job]:
        async with self._repository.transaction() as session:
            jobs = await self._existing(session, request)
            for each in request.submissions:
                if each.key not in jobs:
                    jobs[each.key] = await self._create(session, request, each, assets)
        return [jobs[each.key] for each in request.submissions]

    async def _existing(self, session: AsyncSession, request: SubmitJobs) -> dict[str, Job]:
        keys = [each.key for each in request.submissions]
        rows = await session.exec(
            select(JobRow).where(col(JobRow.owner) == request.owner, col(JobRow.key).in_(keys))
        )
        return {row.key: job_of(row) for row in rows}

    async def _create(
        self, session: AsyncSession, request: SubmitJobs, submission: Submission, assets: dict[UUID, Asset]
    ) -> Job:
        spec = submitted(submission.spec)
        if isinstance(spec, ComposeSpec):
            spec = msgspec.structs.replace(spec, speech_model=self._speech_model)
        row = new_job(
            spec,
            key=submission.key,
            owner=request.owner,
            family=request.family,
            asset_id=None if isinstance(spec, Bringing) else spec.asset_id,
            channel=request.channel,
            lane=submission.lane,
        )
        planned: list[PlannedTask] = []
        problem: MediaError | None = None
        try:
            planned = _planned(spec, row, assets)
        except MediaError as error:
            problem = error
        if request.max_unfinished is not None:
            await _check_share(session, request.owner, request.max_unfinished)
        if request.max_waiting is not None:
            await _admit(session, planned, request.max_waiting)
        session.add(row)
        await session.flush()
        accepted = job_of(row)
        if problem is not None:
            row.state = JobState.FAILED.value
            row.error = {"code": problem.code, "message": problem.message}
        else:
            await enqueue(session, row, planned, request.time_limit or self._time_limit)
        job = job_of(row)
        # Told as it is kept: whoever sees the event and then the row sees one state. Ends have own events.
        created = accepted if job.state.terminal else job
        await events.record_created(self._repository.outbox, session, created)
        await events.record(self._repository.outbox, session, JobState.PENDING, job)
        return job


async def _check_share(session: AsyncSession, owner: str, most: int) -> None:
    """Raise `TooManyRequestsError` where `most` jobs of the owner have not ended."""
    unfinished = (await session.execute(_UNFINISHED, {"owner": owner, "most": most})).scalar_one()
    if unfinished >= most:
        raise TooManyRequestsError(
            f"There are {unfinished} unfinished jobs already; try again later.",
            retry_after=_LATER,
            limit=most,
        )


async def _admit(session: AsyncSession, planned: Sequence[PlannedTask], most: int) -> None:
    """Raise `UnavailableError` where `most` tasks wait already for a service that is needed. Who is let in
    holds the service's lock until he is counted; what is known needs nobody."""
    known = await known_results(session, [task.fingerprint for task in planned])
    for service in sorted({task.service for task in planned if task.fingerprint not in known}):
        lock = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
        await session.execute(lock, {"name": f"waiting:{service}"})
        waiting = (await session.execute(_WAITING, {"service": service})).scalar_one()
        if waiting >= most:
            raise UnavailableError("Too much is waiting to be made already; try again later.")


async def enqueue(
    session: AsyncSession,
    row: JobRow,
    planned: Sequence[PlannedTask],
    time_limit: float,
    *,
    share: str | None = None,
) -> list[TaskRow]:
    """Write the tasks of a new job: completed where the result is known, failed where nothing can be done,
    else waiting for release or for what they need."""
    tasks = [new_task(row, at, task, time_limit, share=share) for at, task in enumerate(planned)]
    results = await known_results(session, [task.fingerprint for task in tasks], held=True)
    flow = workflow.unblock(flow_of(row, tasks))
    for task, each in zip(tasks, planned, strict=True):
        if each.error is not None:
            flow = workflow.failed(flow, task.task_id, each.error)
        elif result := results.get(task.fingerprint):
            flow = workflow.completed(flow, task.task_id, result)
        elif too_much := oversize(task):
            flow = workflow.failed(flow, task.task_id, too_much)
    flow = await grow(session, row, tasks, flow)
    write_flow(flow, row, tasks, row.created_at)
    session.add_all(tasks)
    return tasks


def _planned(spec: AssetSpec | Bringing, row: JobRow, assets: Mapping[UUID, Asset]) -> list[PlannedTask]:
    if isinstance(spec, VideoEditSpec):
        return plan_video_edit(spec, row.owner, row.job_id)
    if isinstance(spec, ComposeSpec):
        return plan_movie(spec, row.owner, row.job_id)
    return plan(spec, assets[spec.asset_id])


def submitted(spec: JobSpec) -> AssetSpec | Bringing:
    """Raises `InvalidInputError` for what cannot be submitted."""
    if isinstance(spec, EditQueueSpec):
        raise InvalidInputError("An edit queue is executed, it cannot be submitted.")
    return spec
