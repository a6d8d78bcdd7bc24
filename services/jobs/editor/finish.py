"""What the end of an executed queue means for its edits and videos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, update
from sqlalchemy import select as sa_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.editor import Made
from libs.contracts.jobs import EditQueueSpec, JobError, JobState
from libs.contracts.tasks import RenderResult
from services.jobs.editor.naming import result_path
from services.jobs.editor.paths import free_paths
from services.jobs.editor.store import EditState, VideoState, columns
from services.jobs.models import EditRow, JobRow, TaskRow, VideoRow
from services.jobs.results import known_results
from services.jobs.workflow import TaskState

EDIT_QUEUE = str(EditQueueSpec.__struct_config__.tag)
_CANCELLED = JobError(code="cancelled", message="The job was cancelled.")

Pair = tuple[Row[Any], TaskRow]
"""An edit and its task."""


def task_name(video_id: int) -> str:
    """The name of the task that makes a video."""
    return f"video {video_id}"


async def settle(session: AsyncSession, job: JobRow, tasks: Sequence[TaskRow]) -> None:
    """Carry the new state of a job over to its edits: at its end all results show at once; when a replay
    reopens it, what failed is awaited again. Jobs of other kinds are left alone."""
    if job.kind != EDIT_QUEUE or job.state == JobState.PENDING.value:
        return
    by_name = {task.name: task for task in tasks}
    pairs = [(edit, by_name[task_name(edit.video_id)]) for edit in await _edits(session, job)]
    if JobState(job.state).terminal:
        open_ones = [pair for pair in pairs if pair[0].state == EditState.EXECUTING.value]
        await _complete(session, [p for p in open_ones if p[1].state == TaskState.COMPLETED.value])
        await _fail(session, [p for p in open_ones if p[1].state != TaskState.COMPLETED.value])
    else:
        await _reopen(session, [p for p in pairs if _awaited_again(*p)])


def _awaited_again(edit: Row[Any], task: TaskRow) -> bool:
    return edit.state == EditState.FAILED.value and task.state != TaskState.FAILED.value


async def _edits(session: AsyncSession, job: JobRow) -> Sequence[Row[Any]]:
    query = (
        sa_select(
            *columns(EditRow, "edit_id", "video_id", "state"),
            *columns(VideoRow, "stem", "operation", "extension"),
        )
        .join(VideoRow, col(VideoRow.video_id) == col(EditRow.video_id))
        .where(col(EditRow.job_id) == job.job_id)
        .order_by(col(EditRow.edit_id))
    )
    return list(await session.execute(query))


async def _complete(session: AsyncSession, pairs: Sequence[Pair]) -> None:
    if not pairs:
        return
    now = utcnow()
    results = await known_results(session, [task.fingerprint for _, task in pairs])
    wanted = [result_path(edit.stem, edit.operation, edit.extension, now) for edit, _ in pairs]
    rows: list[dict[str, Any]] = []
    for (edit, task), path in zip(pairs, await free_paths(session, wanted), strict=True):
        result = results[task.fingerprint]
        assert isinstance(result, RenderResult)
        content = {name: msgspec.to_builtins(getattr(result, name)) for name in ("artifact", "info")}
        rows.append(
            {
                "video_id": edit.video_id,
                "state": VideoState.READY.value,
                "path": path,
                "object": content["artifact"],
                "info": content["info"],
                "made": {name: getattr(result, name) for name in Made.__struct_fields__},
                "created_at": now,
            }
        )
    await session.execute(update(VideoRow), rows)
    await _forget_encoded(session, [row["video_id"] for row in rows])
    await _set_edits(session, [(edit, EditState.COMPLETED, None) for edit, _ in pairs])


async def _forget_encoded(session: AsyncSession, video_ids: Sequence[int]) -> None:
    """What was encoded is an original from now on: later edits do not encode it again from older ones."""
    query = update(VideoRow).where(col(VideoRow.video_id).in_(video_ids), col(VideoRow.encoding).is_not(None))
    options = {"synchronize_session": False}
    await session.execute(query.values({"node": None, "encoding": None}), execution_options=options)


async def _fail(session: AsyncSession, pairs: Sequence[Pair]) -> None:
    await _set_videos(session, pairs, VideoState.FAILED)
    default = msgspec.to_builtins(_CANCELLED)
    await _set_edits(session, [(edit, EditState.FAILED, task.error or default) for edit, task in pairs])


async def _reopen(session: AsyncSession, pairs: Sequence[Pair]) -> None:
    await _set_videos(session, pairs, VideoState.RESERVED)
    await _set_edits(session, [(edit, EditState.EXECUTING, None) for edit, _ in pairs])


async def _set_videos(session: AsyncSession, pairs: Sequence[Pair], state: VideoState) -> None:
    if pairs:
        rows = [{"video_id": edit.video_id, "state": state.value} for edit, _ in pairs]
        await session.execute(update(VideoRow), rows)


async def _set_edits(
    session: AsyncSession, changes: Sequence[tuple[Row[Any], EditState, dict[str, Any] | None]]
) -> None:
    rows = [{"edit_id": edit.edit_id, "state": state.value, "error": error} for edit, state, error in changes]
    if rows:
        await session.execute(update(EditRow), rows)
