"""Removes what attempts left in storage and nobody wants: artifacts of tasks that were cancelled or failed.

Artifacts have the name of their fingerprint, so that another task of the same fingerprint may need, or be
about to write, the same objects. What is to go is noted under the dispatcher's lock, only while no such task
is out and no result is known, and until ingest has removed it none is released.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from sqlalchemy import delete, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.errors import ReelbusError, UnavailableError
from libs.contracts.rpc import DiscardArtifacts
from libs.contracts.tasks import (
    RESULTS,
    SERVICE_OF,
    CaptionResult,
    EditAnalysisResult,
    FetchResult,
    FetchTask,
    ListenResult,
    RenderTask,
    Task,
    TaskResult,
)
from services.jobs.dispatch import lock_service
from services.jobs.models import DiscardRow, ResultRow, TaskRow
from services.jobs.repository import UNWANTED, Repository
from services.jobs.results import known_results
from services.jobs.workflow import TaskState

log = logging.getLogger(__name__)

FETCHING = SERVICE_OF[FetchTask]

_NEEDED = text("""
SELECT EXISTS (SELECT FROM jobs.results WHERE fingerprint = :fingerprint)
    OR EXISTS (
        SELECT FROM jobs.tasks WHERE fingerprint = :fingerprint AND state IN ('released', 'running')
    )
""")
Remove = Callable[[DiscardArtifacts], Awaitable[None]]


class Discards:
    """`remove` is answered when everything is gone; `on_removed` hears of it. `interval` is seconds between
    looks when nothing happens here."""

    def __init__(
        self, repository: Repository, remove: Remove, *, interval: float, on_removed: Callable[[], None]
    ) -> None:
        self._repository = repository
        self._remove = remove
        self._interval = interval
        self._on_removed = on_removed
        self._wake = asyncio.Event()

    async def discard(
        self, task_id: UUID, *, result: TaskResult | None = None, keys: list[str] | None = None
    ) -> None:
        """An attempt at the task ended, or was not even begun: when the task itself ended in vain, what is
        there of it goes, with `result` and `keys`, which the attempt made."""
        async with self._repository.transaction() as session:
            task = await _unwanted(session, task_id)
            if task is None:
                return
            await lock_service(session, task.service)
            if (await session.execute(_NEEDED, {"fingerprint": task.fingerprint})).scalar_one():
                return
            _note(session, task, [*(keys or []), *_keys(result)], _assets(result))
        self._wake.set()

    async def discard_fetched(self, session: AsyncSession, job_id: UUID) -> None:
        """What was fetched for a job alone, which is cancelled, goes when the transaction is done."""
        query = select(TaskRow).where(
            TaskRow.job_id == job_id, TaskRow.service == FETCHING, TaskRow.state == TaskState.COMPLETED.value
        )
        tasks = {task.fingerprint: task for task in await session.exec(query)}
        for fingerprint, result in (await known_results(session, tasks)).items():
            _note(session, tasks[fingerprint], [], _assets(result))
        await session.execute(delete(ResultRow).where(col(ResultRow.fingerprint).in_(tasks)))

    async def forget(self, session: AsyncSession, task: TaskRow) -> None:
        """What a completed task made goes when the transaction is done, and is not known any more. The
        caller holds the lock of its service and has seen that nobody else needs it."""
        result = (await known_results(session, [task.fingerprint])).get(task.fingerprint)
        _note(session, task, _keys(result), _assets(result))
        await session.execute(delete(ResultRow).where(col(ResultRow.fingerprint) == task.fingerprint))

    async def admit(self, session: AsyncSession, task_id: UUID) -> None:
        """A task that nobody released is to be worked on. Raises `UnavailableError` while what an earlier
        attempt left is being removed."""
        task = await session.get(TaskRow, task_id)
        if task is None:
            return
        await lock_service(session, task.service)
        noted = select(DiscardRow.discard_id).where(DiscardRow.fingerprint == task.fingerprint)
        if (await session.exec(noted.limit(1))).first() is not None:
            raise UnavailableError("What an earlier attempt left is still being removed.")

    def wake(self) -> None:
        """There may be something to remove."""
        self._wake.set()

    async def step(self) -> None:
        """Wait until something is noted, or for the interval, and remove all that is. Raises
        `UnavailableError` while ingest or storage is away: it stays noted."""
        try:
            async with asyncio.timeout(self._interval):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()
        while await self._one():
            self._on_removed()

    async def _one(self) -> bool:
        """Remove what was noted first and no replica is removing; false when there is nothing."""
        query = select(DiscardRow).order_by(col(DiscardRow.discard_id)).limit(1)
        async with self._repository.transaction() as session:
            row = (await session.exec(query.with_for_update(skip_locked=True))).first()
            if row is None:
                return False
            try:
                await self._remove(msgspec.convert(row.request, DiscardArtifacts))
            except UnavailableError:
                raise
            except ReelbusError as error:  # it will never be taken; nobody is to wait for it
                log.exception("artifacts stay", extra={"fingerprint": row.fingerprint, "code": error.code})
            await session.delete(row)
        return True


async def _unwanted(session: AsyncSession, task_id: UUID) -> TaskRow | None:
    """The task, if it ended without a result that is of use."""
    task = await session.get(TaskRow, task_id)
    return task if task is not None and task.state in UNWANTED and task.fingerprint else None


def _note(session: AsyncSession, task: TaskRow, keys: list[str], asset_ids: list[UUID]) -> None:
    request = DiscardArtifacts(
        fingerprint=task.fingerprint,
        owner=task.owner,
        keys=sorted({*keys, *_begun(task)}),
        asset_ids=asset_ids,
    )
    row = DiscardRow(fingerprint=task.fingerprint, request=msgspec.to_builtins(request), created_at=utcnow())
    session.add(row)


def _begun(task: TaskRow) -> list[str]:
    """Where a worker may have died over an upload."""
    spec = msgspec.convert(task.payload, Task).spec
    return [f"{RESULTS}/{task.fingerprint}/{spec.file_name}"] if isinstance(spec, RenderTask) else []


def _keys(result: TaskResult | None) -> list[str]:
    match result:
        case None | FetchResult() | EditAnalysisResult() | ListenResult():
            return []
        case CaptionResult():
            kept = (result.artifact, result.subrip, result.webvtt, result.transcript)
            return [each.key for each in kept]
        case _:
            return [result.artifact.key]


def _assets(result: TaskResult | None) -> list[UUID]:
    return [result.asset.asset_id] if isinstance(result, FetchResult) else []
