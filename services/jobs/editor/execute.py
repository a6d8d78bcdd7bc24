"""From a queue to one job: every edit is a task, computed from originals, beside the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import Row, update
from sqlalchemy import select as sa_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.editor import ExecuteQueue, Execution, GetExecution
from libs.contracts.errors import ConflictError, InternalError, NotFoundError, ReelbusError
from libs.contracts.jobs import EditQueueSpec, JobError, JobState
from libs.contracts.tasks import SERVICE_OF, RenderTask
from libs.media.graph import fingerprint
from services.jobs import events
from services.jobs.editor.checks import check_code
from services.jobs.editor.clips import effort, task_of
from services.jobs.editor.finish import EDIT_QUEUE, settle, task_name
from services.jobs.editor.locks import lock_queue
from services.jobs.editor.store import EditState, clip_of, columns, statuses
from services.jobs.models import EditRow, JobRow, VideoRow
from services.jobs.plans import PlannedTask
from services.jobs.repository import Repository
from services.jobs.rows import job_of, new_job
from services.jobs.submission import enqueue

FAMILY = "video-editor"


class Executor:
    def __init__(self, repository: Repository, *, time_limit: float) -> None:
        self._repository = repository
        self._time_limit = time_limit

    async def execute(self, request: ExecuteQueue) -> Execution:
        """Raises `ConflictError` when nothing waits in the queue."""
        owner, code = request.owner, request.request_code
        check_code(code)
        async with self._repository.transaction() as session:
            await lock_queue(session, owner, code)
            pending = await _pending(session, owner, code)
            if not pending:
                raise ConflictError(f"Nothing is pending for the request_code {code}.")
            job = await self._create(session, request, [edit.video_id for edit in pending])
            await _assign(session, job, [edit.edit_id for edit in pending])
            tasks = await enqueue(
                session, job, plan_edits(pending), self._time_limit, share=f"{owner}/{FAMILY}/{code}"
            )
            await session.flush()
            await settle(session, job, tasks)
            await events.record(self._repository.outbox, session, JobState.PENDING, job_of(job))
            return Execution(job=job_of(job), edits=await statuses(session, job.job_id))

    async def _create(self, session: AsyncSession, request: ExecuteQueue, video_ids: list[int]) -> JobRow:
        row = new_job(
            EditQueueSpec(request_code=request.request_code, video_ids=video_ids),
            key=f"edits/{uuid4()}",
            owner=request.owner,
            family=FAMILY,
            independent=True,
        )
        session.add(row)
        await session.flush()
        await events.record_created(self._repository.outbox, session, job_of(row))
        return row

    async def find(self, request: GetExecution) -> Execution:
        """Raises `NotFoundError` for what is not an executed queue of the owner."""
        async with self._repository.transaction() as session:
            row = await self._repository.owned_job(session, request.job_id, request.owner)
            if row.kind != EDIT_QUEUE:
                raise NotFoundError("There is no such job.")
            return Execution(job=job_of(row), edits=await statuses(session, row.job_id))


async def _pending(session: AsyncSession, owner: str, code: str) -> Sequence[Row[Any]]:
    """What waits in the queue, in order of ids, with what each result will be."""
    query = (
        sa_select(
            *columns(EditRow, "edit_id", "video_id", "inputs"),
            *columns(VideoRow, "object", "path", "info", "extension", "node", "encoding", "operation"),
        )
        .join(VideoRow, col(VideoRow.video_id) == col(EditRow.video_id))
        .where(
            col(EditRow.owner) == owner,
            col(EditRow.request_code) == code,
            col(EditRow.state) == EditState.PENDING.value,
        )
        .order_by(col(EditRow.edit_id))
        .with_for_update(of=EditRow)
    )
    return list(await session.execute(query))


async def _assign(session: AsyncSession, job: JobRow, edit_ids: Collection[int]) -> None:
    values = {"state": EditState.EXECUTING.value, "job_id": job.job_id}
    query = update(EditRow).where(col(EditRow.edit_id).in_(edit_ids)).values(values)
    await session.execute(query, execution_options={"synchronize_session": False})


def plan_edits(pending: Sequence[Row[Any]]) -> list[PlannedTask]:
    """One task for each edit; what cannot be planned fails alone."""
    queued = {edit.video_id for edit in pending}
    return [_planned(edit, [each for each in edit.inputs if each in queued]) for edit in pending]


def _planned(edit: Row[Any], follows: Sequence[int]) -> PlannedTask:
    task: RenderTask | None = None
    weight, error = 1.0, None
    try:
        clip = clip_of(edit)
        task, weight = task_of(clip, edit.operation), effort(clip)
    except ReelbusError as problem:
        error = JobError(code=problem.code, message=problem.message)
    except msgspec.ValidationError:
        error = JobError(code=InternalError.code, message="What was queued cannot be read any more.")
    return PlannedTask(
        name=task_name(edit.video_id),
        service=SERVICE_OF[RenderTask],
        spec=task,
        fingerprint=fingerprint(task) if task else "",
        follows=tuple(dict.fromkeys(map(task_name, follows))),
        weight=weight,
        error=error,
    )
