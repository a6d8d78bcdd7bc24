"""Plans that grow: tasks get what they have to do as soon as all that they need is completed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.errors import ReelbusError
from libs.contracts.jobs import JobError, JobSpec
from libs.contracts.tasks import TaskResult, TaskSpec
from services.jobs import workflow
from services.jobs.models import JobRow, TaskRow
from services.jobs.planner import continued
from services.jobs.results import known_results
from services.jobs.rows import fill, oversize
from services.jobs.workflow import Flow, TaskState


async def grow(session: AsyncSession, job: JobRow, tasks: Sequence[TaskRow], flow: Flow) -> Flow:
    """Plan every task whose time has come, and answer from known results what they know. Results of
    completed tasks are remembered before. What cannot be planned fails its task in words for the user."""
    rows = {task.task_id: task for task in tasks}
    while (node := workflow.ripe(flow)) is not None:
        row = rows[node.task_id]
        done = await _done(session, tasks, flow)
        try:
            spec = _continued(job, node.name, done)
        except ReelbusError as problem:
            error = JobError(code=problem.code, message=problem.message)
            flow = workflow.failed(flow, node.task_id, error)
            continue
        fill(row, spec)
        flow = workflow.planned(flow, node.task_id)
        known = await known_results(session, [row.fingerprint], held=True)
        if result := known.get(row.fingerprint):
            flow = workflow.completed(flow, node.task_id, result)
        elif too_much := oversize(row):
            flow = workflow.failed(flow, node.task_id, too_much)
    return flow


def _continued(job: JobRow, name: str, done: dict[str, TaskResult]) -> TaskSpec:
    spec = cast("JobSpec", msgspec.convert(job.spec, JobSpec))
    return continued(spec, name, done)


async def _done(session: AsyncSession, tasks: Sequence[TaskRow], flow: Flow) -> dict[str, TaskResult]:
    """Results of the completed tasks, by name."""
    completed = {node.task_id for node in flow.tasks if node.state is TaskState.COMPLETED}
    finished = [task for task in tasks if task.task_id in completed]
    results = await known_results(session, [task.fingerprint for task in finished])
    return {task.name: results[task.fingerprint] for task in finished if task.fingerprint in results}
