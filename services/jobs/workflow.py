"""The life of a job as a pure state machine over its tasks.

A job is pending until a worker starts one of its tasks, processing until all are completed or one has
failed, and then final. The tasks of an independent job do not share one fate: a failure fails what is made of
it, and the job ends when all of them have. Facts that come twice, or late, change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any
from uuid import UUID

from libs.contracts.jobs import JobError, JobState
from libs.contracts.tasks import TaskResult

DEPENDENCY_FAILED = "dependency_failed"
"""Code of a task that failed because one that it is made of did."""
TASKS_FAILED = "tasks_failed"
"""Code of an independent job of which some tasks failed: its message names each and says why."""
_REASON = 500
"""Characters of one task's reason within that message."""


class TaskState(Enum):
    """`blocked`: needs tasks that are not completed, or is not planned; `waiting`: may be released;
    `released`: on the stream; `running`: claimed by a worker."""

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


_AFRESH: dict[str, Any] = {"state": TaskState.BLOCKED, "error": None}
"""Of a task that is to be run again: `unblock` lets it wait as soon as it may."""


@dataclass(frozen=True)
class TaskNode:
    """One task of a job; `needs` names the tasks that must be completed before it, `weight` its share of
    the job's progress. `follows` names the tasks whose results it is made of: it may run beside them, but is
    of no use when they fail. `error` says why it failed. What is not `planned` can be once all that it needs
    is completed, and cannot be worked on before."""

    task_id: UUID
    name: str
    state: TaskState
    needs: tuple[str, ...] = ()
    weight: float = 1.0
    fraction: float = 0.0
    follows: tuple[str, ...] = ()
    error: JobError | None = None
    planned: bool = True


@dataclass(frozen=True)
class Flow:
    """A job and its tasks at one moment, in an order in which they could run. `progress` is 0…100, `result`
    that of the last task of the plan, once it is completed."""

    state: JobState
    tasks: tuple[TaskNode, ...]
    progress: float = 0.0
    error: JobError | None = None
    result: TaskResult | None = None
    independent: bool = False

    def task(self, task_id: UUID) -> TaskNode:
        return next(node for node in self.tasks if node.task_id == task_id)


def unblock(flow: Flow) -> Flow:
    """Let blocked tasks wait for release once everything that they need is completed."""
    free = {node.task_id for node in _free(flow) if node.planned}
    return _each(flow, lambda node: replace(node, state=TaskState.WAITING) if node.task_id in free else node)


def ripe(flow: Flow) -> TaskNode | None:
    """The first task that is to be planned now: everything that it needs is completed."""
    return next((node for node in _free(flow) if not node.planned), None)


def planned(flow: Flow, task_id: UUID) -> Flow:
    """It is known now what the task has to do."""
    return unblock(_set(flow, task_id, planned=True))


def _free(flow: Flow) -> list[TaskNode]:
    """Blocked tasks that need nothing any more."""
    done = {node.name for node in flow.tasks if node.state is TaskState.COMPLETED}
    return [node for node in flow.tasks if node.state is TaskState.BLOCKED and done.issuperset(node.needs)]


def claimed(flow: Flow, task_id: UUID, *, replayed: bool) -> Flow | None:
    """A worker wants to start the task; `None` when its work is not wanted.

    A replay by an operator reopens a failed job together with everything that its failure cancelled. Of an
    independent job it reopens the task, as long as the job may still be completed or has failed, and what
    failed for its sake alone.
    """
    node = flow.task(task_id)
    if replayed and node.state is TaskState.FAILED:
        flow = _reopened(flow, node)
        node = flow.task(task_id)
    if flow.state.terminal or node.state.terminal or node.state is TaskState.BLOCKED:
        return None
    return replace(_set(flow, task_id, state=TaskState.RUNNING), state=JobState.PROCESSING)


def _reopened(flow: Flow, failure: TaskNode) -> Flow:
    if flow.independent:
        if flow.state in (JobState.COMPLETED, JobState.CANCELLED) or _by_dependency(failure):
            return flow
        flow = _spread(_set(flow, failure.task_id, **_AFRESH))
    elif flow.state is JobState.FAILED:
        ended = (TaskState.FAILED, TaskState.CANCELLED)
        flow = _each(flow, lambda node: replace(node, **_AFRESH) if node.state in ended else node)
    else:
        return flow
    return unblock(replace(flow, state=JobState.PROCESSING, error=None))


def completed(flow: Flow, task_id: UUID, result: TaskResult) -> Flow:
    """The task is done, by a worker or by a known result."""
    node = flow.task(task_id)
    if flow.state.terminal or node.state.terminal:
        return flow
    flow = unblock(_set(flow, task_id, state=TaskState.COMPLETED, fraction=1.0))
    if node.task_id == flow.tasks[-1].task_id:
        flow = replace(flow, result=result)
    return _concluded(flow)


def failed(flow: Flow, task_id: UUID, error: JobError) -> Flow:
    """The task will not be completed: the job fails, and what has not ended is cancelled. Of an independent
    job what is made of the task fails, and the rest goes on."""
    node = flow.task(task_id)
    if flow.state.terminal or node.state.terminal:
        return flow
    flow = _set(flow, task_id, state=TaskState.FAILED, error=error)
    if flow.independent:
        return _concluded(_spread(flow))
    return replace(_cancel_rest(flow), state=JobState.FAILED, error=error)


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


def _concluded(flow: Flow) -> Flow:
    """The flow with its progress, at its end when nothing is open any more."""
    if all(node.state is TaskState.COMPLETED for node in flow.tasks):
        return replace(flow, state=JobState.COMPLETED, progress=100.0)
    flow = replace(flow, progress=max(flow.progress, _progress(flow)))
    if flow.independent and all(node.state.terminal for node in flow.tasks):
        return replace(flow, state=JobState.FAILED, error=_summary(flow))
    return flow


def _summary(flow: Flow) -> JobError:
    reasons = [
        f"{node.name}: {node.error.message[:_REASON]}" for node in flow.tasks if node.error is not None
    ]
    return JobError(code=TASKS_FAILED, message="\n".join(reasons))


def _spread(flow: Flow) -> Flow:
    """What is made of failed tasks failed with them, and only of them; their ends and beginnings carried on
    from task to task in the order of the plan."""
    failures: set[str] = set()
    nodes: list[TaskNode] = []
    for each in flow.tasks:
        cause = next((name for name in (*each.follows, *each.needs) if name in failures), None)
        node = _carried(each, cause)
        if node.state is TaskState.FAILED:
            failures.add(node.name)
        nodes.append(node)
    lost = nodes[-1].state is not TaskState.COMPLETED
    return replace(flow, tasks=tuple(nodes), result=None if lost else flow.result)


def _carried(node: TaskNode, cause: str | None) -> TaskNode:
    """The node when the failed task `cause` (`None`: no failed one) is among those that it is made of."""
    if cause is None:
        return replace(node, **_AFRESH) if _by_dependency(node) else node
    if node.state is TaskState.FAILED and not _by_dependency(node):
        return node
    error = JobError(code=DEPENDENCY_FAILED, message=f"It is made of {cause}, which could not be made.")
    return replace(node, state=TaskState.FAILED, error=error)


def _by_dependency(node: TaskNode) -> bool:
    return node.error is not None and node.error.code == DEPENDENCY_FAILED


def _progress(flow: Flow) -> float:
    """Weighted mean over tasks, at most 99: 100 is kept for the completed job. What failed is done."""
    total = sum(node.weight for node in flow.tasks)
    done = sum(
        node.weight * (1.0 if node.state is TaskState.FAILED else node.fraction) for node in flow.tasks
    )
    return min(99.0, 100 * done / total)


def _cancel_rest(flow: Flow) -> Flow:
    return _each(flow, lambda node: node if node.state.terminal else replace(node, state=TaskState.CANCELLED))


def _set(flow: Flow, task_id: UUID, **changes: Any) -> Flow:
    return _each(flow, lambda node: replace(node, **changes) if node.task_id == task_id else node)


def _each(flow: Flow, change: Callable[[TaskNode], TaskNode]) -> Flow:
    return replace(flow, tasks=tuple(change(node) for node in flow.tasks))
