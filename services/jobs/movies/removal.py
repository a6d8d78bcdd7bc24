"""Deleting what a job made: what no other job made too goes from storage, and is not known any more."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import JobState
from libs.contracts.movies import Making, RemoveResult
from services.jobs.discards import Discards
from services.jobs.dispatch import lock_service
from services.jobs.models import TaskRow
from services.jobs.movies.makings import making_of
from services.jobs.repository import Repository
from services.jobs.results import lock_results
from services.jobs.workflow import TaskState

_SHARED = text("""
SELECT EXISTS (
    SELECT FROM jobs.tasks t JOIN jobs.jobs j USING (job_id)
    WHERE t.fingerprint = :fingerprint AND j.job_id <> :job_id AND j.removed_at IS NULL
      AND j.state NOT IN ('failed', 'cancelled')
)
""")
"""Somebody else has it, or is about to."""


class Removal:
    def __init__(self, repository: Repository, discards: Discards) -> None:
        self._repository = repository
        self._discards = discards

    async def remove(self, request: RemoveResult) -> Making:
        """Raises `NotFoundError` where nothing is there, or it is somebody else's or gone."""
        async with self._repository.transaction() as session:
            # locks in the order of the dispatcher: services first, then the job
            query = select(TaskRow).where(TaskRow.job_id == request.job_id).order_by(col(TaskRow.position))
            tasks = list(await session.exec(query))
            for service in sorted({task.service for task in tasks}):
                await lock_service(session, service)
            row = await self._repository.locked_job(session, request.job_id)
            gone = row.removed_at is not None or row.state != JobState.COMPLETED.value
            if row.owner != request.owner or row.family != request.family or gone:
                raise NotFoundError("There is no such job.")
            row.removed_at = utcnow()
            await lock_results(session, [task.fingerprint for task in tasks])
            await self._forget(session, tasks)
            await session.flush()
            making = await making_of(session, row)
        self._discards.wake()
        return making

    async def _forget(self, session: AsyncSession, tasks: list[TaskRow]) -> None:
        for task in tasks:
            if task.state != TaskState.COMPLETED.value or not task.fingerprint:
                continue
            asked = {"fingerprint": task.fingerprint, "job_id": task.job_id}
            if not (await session.execute(_SHARED, asked)).scalar_one():
                await self._discards.forget(session, task)
