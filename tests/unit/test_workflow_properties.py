"""Whatever facts arrive in whatever order, a job's story stays a legal one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
def dags(draw: st.DrawFn, *, independent: bool | None = None) -> Flow:
    """Up to five tasks, each needing, and made of, some of those before it; some are planned late."""
    nodes: list[TaskNode] = []
    for number in range(draw(st.integers(1, 5))):
        some = some_of([node.name for node in nodes])
        needs, follows, weight = draw(some), draw(some), draw(st.floats(0.1, 10.0))
        node = TaskNode(
            UUID(int=number),
            f"t{number}",
            TaskState.BLOCKED,
            needs,
            weight,
            follows=follows,
            planned=draw(st.booleans()),
        )
        nodes.append(node)
    chosen = draw(st.booleans()) if independent is None else independent
    return workflow.unblock(Flow(JobState.PENDING, tuple(nodes), independent=chosen))


def some_of(names: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=2).map(tuple) if names else st.just(())


KINDS = ["claim", "progress", "complete", "complete", "fail", "cancel", "replay", "release", "plan"]
facts = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 4), st.floats(0, 1)), max_size=40)


def release(flow: Flow, task: UUID) -> Flow:
    """What the dispatcher does."""
    if flow.task(task).state is not TaskState.WAITING:
        return flow
    nodes = [replace(n, state=TaskState.RELEASED) if n.task_id == task else n for n in flow.tasks]
    return replace(flow, tasks=tuple(nodes))


def plan(flow: Flow, task: UUID) -> Flow:
    """What growth does, when it is the task's turn."""
    node = workflow.ripe(flow)
    return flow if node is None or node.task_id != task else workflow.planned(flow, task)


def complete(flow: Flow, task: UUID, name: str) -> Flow:
    """By a worker or a known result: nothing is known of what is not planned."""
    return workflow.completed(flow, task, result(name)) if flow.task(task).planned else flow


def apply(flow: Flow, fact: Fact) -> Flow:
    kind, number, fraction = fact
    task = flow.tasks[number % len(flow.tasks)].task_id
    steps: dict[str, Callable[[], Flow | None]] = {
        "claim": lambda: workflow.claimed(flow, task, replayed=False),
        "replay": lambda: workflow.claimed(flow, task, replayed=True),
        "progress": lambda: workflow.progressed(flow, task, fraction),
        "complete": lambda: complete(flow, task, str(number)),
        "fail": lambda: workflow.failed(flow, task, ERROR),
        "cancel": lambda: workflow.cancelled(flow),
        "release": lambda: release(flow, task),
        "plan": lambda: plan(flow, task),
    }
    return steps[kind]() or flow


def check_state(flow: Flow) -> None:
    states = [node.state for node in flow.tasks]
    done = {node.name for node in flow.tasks if node.state is TaskState.COMPLETED}
    for node in flow.tasks:
        if node.state is TaskState.BLOCKED:
            assert not done.issuperset(node.needs) or not node.planned
        if node.state in (TaskState.WAITING, TaskState.RELEASED, TaskState.RUNNING):
            assert done.issuperset(node.needs)
            assert node.planned
        assert (node.state is TaskState.FAILED) == (node.error is not None)
    assert (flow.state is JobState.COMPLETED) == all(state is TaskState.COMPLETED for state in states)
    assert (flow.state is JobState.FAILED) == (flow.error is not None)
    assert (flow.result is not None) == (states[-1] is TaskState.COMPLETED)
    assert not flow.state.terminal or all(state.terminal for state in states)
    assert flow.progress == 100.0 if flow.state is JobState.COMPLETED else 0.0 <= flow.progress <= 99.0
    ripe = workflow.ripe(flow)
    assert ripe is None or (not flow.state.terminal and not ripe.planned and done.issuperset(ripe.needs))
    if flow.independent:
        check_independence(flow)
    else:
        assert (flow.state is JobState.FAILED) == (TaskState.FAILED in states)


def check_independence(flow: Flow) -> None:
    """Tasks end with those that they are made of, and only with them; the job with the last of them."""
    failures = {node.name for node in flow.tasks if node.state is TaskState.FAILED}
    for node in flow.tasks:
        causes = failures.intersection((*node.follows, *node.needs))
        if causes:
            assert node.state is TaskState.FAILED
        if node.error is not None and node.error != ERROR:
            assert node.error.code == "dependency_failed"
            assert any(cause in node.error.message for cause in causes)
    if all(node.state.terminal for node in flow.tasks):
        assert flow.state.terminal
    if flow.state is JobState.FAILED:
        assert flow.error is not None
        assert all(name in flow.error.message for name in failures)
        assert TaskState.CANCELLED not in [node.state for node in flow.tasks]


def check_step(before: Flow, after: Flow, fact: Fact) -> None:
    assert after.progress >= before.progress
    if after.state is not before.state:
        assert after.state in LEGAL[before.state]
    reopened = before.state is JobState.FAILED and after.state is JobState.PROCESSING
    assert not reopened or fact[0] == "replay"
    for old, new in zip(before.tasks, after.tasks, strict=True):
        fixed = ("task_id", "name", "needs", "follows", "weight")
        assert all(getattr(old, name) == getattr(new, name) for name in fixed)
        assert old.planned == new.planned or (new.planned and fact[0] == "plan")
        if fact[0] == "replay":
            assert old.state is not TaskState.COMPLETED or new == old
        elif old.state.terminal:
            spoilt = before.independent and old.state is TaskState.COMPLETED and fact[0] == "fail"
            assert new.state is old.state or (spoilt and new.state is TaskState.FAILED)
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
    assert finish(flow).state is JobState.COMPLETED


def finish(flow: Flow) -> Flow:
    """Plan and run whatever is open, until nothing is."""
    for _ in flow.tasks:
        while (ripe := workflow.ripe(flow)) is not None:
            flow = workflow.planned(flow, ripe.task_id)
        for number, node in enumerate(flow.tasks):
            if node.state in (TaskState.WAITING, TaskState.RELEASED, TaskState.RUNNING):
                flow = apply(flow, ("complete", number, 0.0))
    assert flow.state.terminal, f"stuck: {[(node.name, node.state) for node in flow.tasks]}"
    return flow


@settings(deadline=None, max_examples=100)
@given(dags(), facts)
def test_a_replayed_job_can_still_be_completed(flow: Flow, story: list[Fact]) -> None:
    for fact in story:
        flow = apply(flow, fact)
    if flow.state is not JobState.FAILED:
        return
    for number in range(len(flow.tasks)):  # every dead letter, causes first
        flow = apply(flow, ("replay", number, 0.0))
        flow = flow if flow.state.terminal else finish(flow)
    failures = [node for node in flow.tasks if node.state is TaskState.FAILED]
    never_delivered = [node for node in failures if node.error == ERROR]
    assert all(node.needs or not node.planned for node in never_delivered)
    assert flow.state is (JobState.FAILED if failures else JobState.COMPLETED)


@settings(deadline=None, max_examples=100)
@given(dags(independent=True), st.sets(st.integers(0, 4)), st.permutations(range(5)))
def test_the_end_of_an_independent_job_does_not_depend_on_the_order(
    flow: Flow, broken: set[int], order: list[int]
) -> None:
    """Only tasks that are broken, or made of those, fail, whatever comes first."""
    lost: set[str] = set()
    for number, node in enumerate(flow.tasks):
        if number in broken or lost.intersection((*node.follows, *node.needs)):
            lost.add(node.name)
    for number in order:
        if number < len(flow.tasks):
            flow = apply(flow, ("fail" if number in broken else "complete", number, 0.0))
    flow = finish(flow)
    assert {node.name for node in flow.tasks if node.state is TaskState.FAILED} == lost
    assert flow.state is (JobState.FAILED if lost else JobState.COMPLETED)


@settings(deadline=None, max_examples=100)
@given(dags(independent=True), facts)
def test_a_replay_touches_what_failed_with_it_alone(flow: Flow, story: list[Fact]) -> None:
    for fact in story:
        flow = apply(flow, fact)
    for number, node in enumerate(flow.tasks):
        after = apply(flow, ("replay", number, 0.0))
        for old, new in zip(flow.tasks, after.tasks, strict=True):
            if old.name != node.name and old.error == ERROR:
                assert new == old
