"""Whatever facts arrive in whatever order, a job's story stays a legal one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.jobs import JobError, JobState
from services.jobs import workflow
from services.jobs.workflow import Flow, TaskNode, TaskState
from tests.unit.samples import result

Fact = tuple[str, int, float]
ERROR = JobError(code="media_error", message="It is broken.")
LEGAL = {
    JobState.PENDING: {JobState.PROCESSING, JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED},
    JobState.PROCESSING: {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED},
    JobState.COMPLETED: set(),
    JobState.FAILED: {JobState.PROCESSING},
    JobState.CANCELLED: set(),
}
TASK_ORDER = [TaskState.BLOCKED, TaskState.WAITING, TaskState.RELEASED, TaskState.RUNNING]


@st.composite
def dags(draw: st.DrawFn) -> Flow:
    """Up to five tasks, each needing some of those before it."""
    nodes: list[TaskNode] = []
    for number in range(draw(st.integers(1, 5))):
        names = [node.name for node in nodes]
        needs = tuple(draw(st.lists(st.sampled_from(names), unique=True))) if names else ()
        weight = draw(st.floats(0.1, 10.0))
        nodes.append(TaskNode(UUID(int=number), f"t{number}", TaskState.BLOCKED, needs, weight))
    return workflow.unblock(Flow(JobState.PENDING, tuple(nodes)))


KINDS = ["claim", "progress", "complete", "complete", "fail", "cancel", "replay", "release"]
facts = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 4), st.floats(0, 1)), max_size=40)


def release(flow: Flow, task: UUID) -> Flow:
    """What the dispatcher does."""
    if flow.task(task).state is not TaskState.WAITING:
        return flow
    nodes = [
        TaskNode(n.task_id, n.name, TaskState.RELEASED, n.needs, n.weight, n.fraction)
        if n.task_id == task
        else n
        for n in flow.tasks
    ]
    return Flow(flow.state, tuple(nodes), flow.progress, flow.error, flow.result)


def apply(flow: Flow, fact: Fact) -> Flow:
    kind, number, fraction = fact
    task = flow.tasks[number % len(flow.tasks)].task_id
    steps: dict[str, Callable[[], Flow | None]] = {
        "claim": lambda: workflow.claimed(flow, task, replayed=False),
        "replay": lambda: workflow.claimed(flow, task, replayed=True),
        "progress": lambda: workflow.progressed(flow, task, fraction),
        "complete": lambda: workflow.completed(flow, task, result(str(number))),
        "fail": lambda: workflow.failed(flow, task, ERROR),
        "cancel": lambda: workflow.cancelled(flow),
        "release": lambda: release(flow, task),
    }
    return steps[kind]() or flow


def check_state(flow: Flow) -> None:
    states = [node.state for node in flow.tasks]
    done = {node.name for node in flow.tasks if node.state is TaskState.COMPLETED}
    for node in flow.tasks:
        if node.state is TaskState.BLOCKED:
            assert not done.issuperset(node.needs)
        if node.state in (TaskState.WAITING, TaskState.RELEASED, TaskState.RUNNING):
            assert done.issuperset(node.needs)
    assert (flow.state is JobState.COMPLETED) == all(state is TaskState.COMPLETED for state in states)
    assert (flow.state is JobState.FAILED) == (flow.error is not None)
    assert (flow.state is JobState.FAILED) == (TaskState.FAILED in states)
    assert (flow.state is JobState.COMPLETED) == (flow.result is not None)
    assert not flow.state.terminal or all(state.terminal for state in states)
    assert flow.progress == 100.0 if flow.state is JobState.COMPLETED else 0.0 <= flow.progress <= 99.0


def check_step(before: Flow, after: Flow, fact: Fact) -> None:
    assert after.progress >= before.progress
    if after.state is not before.state:
        assert after.state in LEGAL[before.state]
    reopened = before.state is JobState.FAILED and after.state is JobState.PROCESSING
    assert not reopened or fact[0] == "replay"
    for old, new in zip(before.tasks, after.tasks, strict=True):
        assert (old.task_id, old.name, old.needs, old.weight) == (
            new.task_id,
            new.name,
            new.needs,
            new.weight,
        )
        if reopened:
            assert old.state is not TaskState.COMPLETED or new == old
        elif old.state.terminal:
            assert new.state is old.state
        elif not new.state.terminal:
            assert TASK_ORDER.index(new.state) >= TASK_ORDER.index(old.state)
    if before.state.terminal and not reopened:
        assert after == before


@settings(deadline=None, max_examples=250)
@given(dags(), facts)
def test_every_story_is_legal(flow: Flow, story: list[Fact]) -> None:
    check_state(flow)
    for fact in story:
        after = apply(flow, fact)
        check_step(flow, after, fact)
        check_state(after)
        flow = after


@settings(deadline=None, max_examples=100)
@given(dags(), facts)
def test_facts_that_come_twice_change_nothing_more(flow: Flow, story: list[Fact]) -> None:
    for fact in story:
        flow = apply(flow, fact)
        assert apply(flow, fact) == flow


@settings(deadline=None, max_examples=100)
@given(dags(), st.permutations(range(5)))
def test_completions_in_any_order_complete_the_job(flow: Flow, order: list[int]) -> None:
    for number in order:
        flow = apply(flow, ("complete", number, 0.0))
    assert flow.state is JobState.COMPLETED


@settings(deadline=None, max_examples=100)
@given(dags(), facts)
def test_a_replayed_job_can_still_be_completed(flow: Flow, story: list[Fact]) -> None:
    for fact in story:
        flow = apply(flow, fact)
    failed = [number for number, node in enumerate(flow.tasks) if node.state is TaskState.FAILED]
    if flow.state is not JobState.FAILED:
        return
    flow = apply(flow, ("replay", failed[0], 0.0))
    for _ in flow.tasks:  # run whatever is open, until nothing is
        for number, node in enumerate(flow.tasks):
            if node.state in (TaskState.WAITING, TaskState.RUNNING):
                flow = apply(flow, ("complete", number, 0.0))
    if flow.state is JobState.PROCESSING:
        raise AssertionError(f"stuck: {[(node.name, node.state) for node in flow.tasks]}")
