"""The life of a job as a pure state machine over its tasks.

A job is pending until a worker starts one of its tasks, processing until all are completed or one has
failed, and then final. Facts that come twice, or late, change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID

from libs.contracts.jobs import JobError, JobState
from libs.contracts.tasks import TaskResult


class TaskState(Enum):
    """`blocked`: needs tasks that are not completed; `waiting`: may be released; `released`: on the
    stream; `running`: claimed by a worker."""

    BLOCKED = "blocked"
    WAITING = "waiting"
    RELEASED = "released"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        return self in (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED)


@dataclass(frozen=True)
class TaskNode:
    """One task of a job; `needs` names the tasks that must be completed before it, `weight` its share of
    the job's progress."""

    task_id: UUID
    name: str
    state: TaskState
    needs: tuple[str, ...] = ()
    weight: float = 1.0
    fraction: float = 0.0


@dataclass(frozen=True)
class Flow:
    """A job and its tasks at one moment. `progress` is 0…100. The last task's result is the job's."""

    state: JobState
    tasks: tuple[TaskNode, ...]
    progress: float = 0.0
    error: JobError | None = None
    result: TaskResult | None = None

    def task(self, task_id: UUID) -> TaskNode:
        return next(node for node in self.tasks if node.task_id == task_id)


def unblock(flow: Flow) -> Flow:
    """Let blocked tasks wait for release once everything that they need is completed."""
    done = {node.name for node in flow.tasks if node.state is TaskState.COMPLETED}
    return replace(
        flow,
        tasks=tuple(
            replace(node, state=TaskState.WAITING)
            if node.state is TaskState.BLOCKED and done.issuperset(node.needs)
            else node
            for node in flow.tasks
        ),
    )


def claimed(flow: Flow, task_id: UUID, *, replayed: bool) -> Flow | None:
    """A worker wants to start the task; `None` when its work is not wanted.

    A replay by an operator reopens a failed job together with everything that its failure cancelled.
    """
    node = flow.task(task_id)
    if replayed and node.state is TaskState.FAILED and flow.state is JobState.FAILED:
        flow = _reopened(flow)
        node = flow.task(task_id)
    if flow.state.terminal or node.state.terminal or node.state is TaskState.BLOCKED:
        return None
    return replace(_set(flow, task_id, state=TaskState.RUNNING), state=JobState.PROCESSING)


def _reopened(flow: Flow) -> Flow:
    tasks = tuple(
        replace(node, state=TaskState.BLOCKED if node.needs else TaskState.WAITING)
        if node.state in (TaskState.FAILED, TaskState.CANCELLED)
        else node
        for node in flow.tasks
    )
    return unblock(replace(flow, state=JobState.PROCESSING, tasks=tasks, error=None))


def completed(flow: Flow, task_id: UUID, result: TaskResult) -> Flow:
    """The task is done, by a worker or by a known result."""
    node = flow.task(task_id)
    if flow.state.terminal or node.state.terminal:
        return flow
    flow = unblock(_set(flow, task_id, state=TaskState.COMPLETED, fraction=1.0))
    if all(each.state is TaskState.COMPLETED for each in flow.tasks):
        return replace(flow, state=JobState.COMPLETED, progress=100.0, result=result)
    return replace(flow, progress=max(flow.progress, _progress(flow)))


def failed(flow: Flow, task_id: UUID, error: JobError) -> Flow:
    """The task will not be completed: the job fails, and what has not ended is cancelled."""
    node = flow.task(task_id)
    if flow.state.terminal or node.state.terminal:
        return flow
    flow = _cancel_rest(_set(flow, task_id, state=TaskState.FAILED))
    return replace(flow, state=JobState.FAILED, error=error)


def cancelled(flow: Flow) -> Flow:
    """The user does not want it any more."""
    if flow.state.terminal:
        return flow
    return replace(_cancel_rest(flow), state=JobState.CANCELLED)


def progressed(flow: Flow, task_id: UUID, fraction: float) -> Flow:
    """A worker tells how far it is (0…1); late and lower figures change nothing."""
    node = flow.task(task_id)
    if flow.state.terminal or node.state.terminal or not fraction > node.fraction:  # no number is not more
        return flow
    flow = _set(flow, task_id, fraction=min(fraction, 1.0))
    return replace(flow, progress=max(flow.progress, _progress(flow)))


def _progress(flow: Flow) -> float:
    """Weighted mean over tasks, at most 99: 100 is kept for the completed job."""
    total = sum(node.weight for node in flow.tasks)
    return min(99.0, 100 * sum(node.weight * node.fraction for node in flow.tasks) / total)


def _cancel_rest(flow: Flow) -> Flow:
    return replace(
        flow,
        tasks=tuple(
            node if node.state.terminal else replace(node, state=TaskState.CANCELLED) for node in flow.tasks
        ),
    )


def _set(flow: Flow, task_id: UUID, **changes: object) -> Flow:
    tasks = tuple(
        replace(node, **changes) if node.task_id == task_id else node  # type: ignore[arg-type]  # names of fields
        for node in flow.tasks
    )
    return replace(flow, tasks=tasks)
