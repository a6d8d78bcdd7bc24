"""The state machine of a job, fact by fact."""

from __future__ import annotations

from uuid import UUID

import pytest

from libs.contracts.jobs import JobError, JobState
from services.jobs import workflow
from services.jobs.workflow import Flow, TaskNode, TaskState
from tests.unit.samples import result

A, B, C, D = (UUID(int=number) for number in range(1, 5))
ERROR = JobError(code="media_error", message="It is broken.")
W, R, RUN, BLOCKED = TaskState.WAITING, TaskState.RELEASED, TaskState.RUNNING, TaskState.BLOCKED
DONE, FAILED, GONE = TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED


def single(state: TaskState = W, job: JobState = JobState.PENDING, **fields: float) -> Flow:
    return Flow(job, (TaskNode(A, "main", state),), **fields)  # type: ignore[arg-type]  # fields of any type


def chain() -> Flow:
    """`c` needs `b` needs `a`; b weighs as much as the others together."""
    nodes = (
        TaskNode(A, "a", BLOCKED),
        TaskNode(B, "b", BLOCKED, ("a",), weight=2.0),
        TaskNode(C, "c", BLOCKED, ("a", "b")),
    )
    return workflow.unblock(Flow(JobState.PENDING, nodes))


def states(flow: Flow) -> list[TaskState]:
    return [node.state for node in flow.tasks]


def claim(flow: Flow, task: UUID, *, replayed: bool = False) -> Flow:
    after = workflow.claimed(flow, task, replayed=replayed)
    assert after is not None
    return after


@pytest.mark.parametrize("state", [W, R, RUN])
def test_a_claim_starts_the_task_and_the_job(state: TaskState) -> None:
    after = claim(single(state), A)
    assert (after.state, states(after)) == (JobState.PROCESSING, [RUN])


@pytest.mark.parametrize("state", [BLOCKED, DONE, FAILED, GONE])
@pytest.mark.parametrize("replayed", [False, True])
def test_a_claim_of_unwanted_work_is_refused(state: TaskState, replayed: bool) -> None:
    assert workflow.claimed(single(state, JobState.PROCESSING), A, replayed=replayed) is None


@pytest.mark.parametrize("job", [JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED])
def test_a_claim_for_an_ended_job_is_refused(job: JobState) -> None:
    assert workflow.claimed(single(R, job), A, replayed=False) is None


@pytest.mark.parametrize("job", [JobState.COMPLETED, JobState.CANCELLED])
def test_a_replay_does_not_reopen_what_did_not_fail(job: JobState) -> None:
    task = DONE if job is JobState.COMPLETED else GONE
    assert workflow.claimed(single(task, job), A, replayed=True) is None


def test_completing_the_only_task_completes_the_job() -> None:
    after = workflow.completed(single(RUN, JobState.PROCESSING), A, result())
    assert (after.state, after.progress, after.result) == (JobState.COMPLETED, 100.0, result())


def test_a_known_result_completes_a_job_that_nobody_started() -> None:
    assert workflow.completed(single(W), A, result()).state is JobState.COMPLETED


def test_a_chain_opens_step_by_step() -> None:
    flow = chain()
    assert states(flow) == [W, BLOCKED, BLOCKED]
    flow = workflow.completed(claim(flow, A), A, result("a"))
    assert (states(flow), flow.state, flow.progress) == ([DONE, W, BLOCKED], JobState.PROCESSING, 25.0)
    flow = workflow.completed(claim(flow, B), B, result("b"))
    assert (states(flow), flow.progress) == ([DONE, DONE, W], 75.0)
    flow = workflow.completed(claim(flow, C), C, result("c"))
    assert (flow.state, flow.progress, flow.result) == (JobState.COMPLETED, 100.0, result("c"))


def test_a_failure_fails_the_job_and_cancels_the_rest() -> None:
    flow = workflow.completed(claim(chain(), A), A, result())
    flow = workflow.failed(claim(flow, B), B, ERROR)
    assert (flow.state, flow.error, states(flow)) == (JobState.FAILED, ERROR, [DONE, FAILED, GONE])


def test_a_replay_reopens_the_failed_job() -> None:
    flow = workflow.completed(claim(chain(), A), A, result())
    flow = workflow.progressed(claim(flow, B), B, 0.5)
    flow = claim(workflow.failed(flow, B, ERROR), B, replayed=True)
    assert (flow.state, flow.error, states(flow)) == (JobState.PROCESSING, None, [DONE, RUN, BLOCKED])
    assert flow.progress == 50.0


def test_a_cancel_leaves_what_has_ended() -> None:
    flow = workflow.cancelled(workflow.completed(claim(chain(), A), A, result()))
    assert (flow.state, flow.error, states(flow)) == (JobState.CANCELLED, None, [DONE, GONE, GONE])


def test_ends_are_final() -> None:
    for end in (
        workflow.completed(single(), A, result()),
        workflow.failed(single(RUN), A, ERROR),
        workflow.cancelled(single()),
    ):
        assert workflow.completed(end, A, result("other")) == end
        assert workflow.failed(end, A, ERROR) == end
        assert workflow.cancelled(end) == end
        assert workflow.progressed(end, A, 0.9) == end


def test_progress_is_weighted_never_falls_and_keeps_100_for_the_end() -> None:
    flow = claim(single(R), A)
    for told, shown in [(0.25, 25.0), (0.1, 25.0), (0.25, 25.0), (0.5, 50.0), (1.0, 99.0)]:
        flow = workflow.progressed(flow, A, told)
        assert flow.progress == shown
    flow = workflow.progressed(claim(workflow.completed(claim(chain(), A), A, result()), B), B, 0.5)
    assert flow.progress == 50.0


@pytest.mark.parametrize("told", [-1.0, float("nan"), 7.0, float("inf")])
def test_a_figure_that_is_no_fraction_neither_breaks_nor_finishes_a_job(told: float) -> None:
    flow = claim(workflow.completed(claim(chain(), A), A, result()), B)
    flow = workflow.progressed(flow, B, told)
    assert 25.0 <= flow.progress <= 75.0
    flow = workflow.completed(flow, B, result())
    assert flow.progress == 75.0


def test_a_retried_attempt_does_not_take_progress_back() -> None:
    flow = workflow.progressed(claim(single(R), A), A, 0.8)
    assert workflow.progressed(claim(flow, A), A, 0.1).progress == 80.0


def test_an_unknown_task_is_a_defect_and_no_silent_nothing() -> None:
    with pytest.raises(StopIteration):
        workflow.completed(single(), B, result())


def test_the_result_is_that_of_the_last_task_of_the_plan() -> None:
    flow = Flow(JobState.PENDING, (TaskNode(A, "a", W), TaskNode(B, "b", W)))
    flow = workflow.completed(flow, B, result("b"))
    assert (flow.state, flow.result) == (JobState.PENDING, result("b"))
    flow = workflow.completed(flow, A, result("a"))
    assert (flow.state, flow.result) == (JobState.COMPLETED, result("b"))


def queue() -> Flow:
    """`video 2` is made of `video 1`, `video 3` of `video 2`; `video 4` is by itself."""
    nodes = (
        TaskNode(A, "video 1", W),
        TaskNode(B, "video 2", W, follows=("video 1",)),
        TaskNode(C, "video 3", W, follows=("video 2",)),
        TaskNode(D, "video 4", W),
    )
    return Flow(JobState.PENDING, nodes, independent=True)


def reasons(flow: Flow) -> list[str]:
    return [node.error.message if node.error else "" for node in flow.tasks]


def test_what_follows_runs_beside_what_it_is_made_of() -> None:
    flow = claim(claim(queue(), B), C)
    assert states(flow) == [W, RUN, RUN, W]


def test_a_failure_takes_along_what_is_made_of_it_and_nothing_else() -> None:
    flow = workflow.completed(claim(claim(queue(), B), D), C, result())
    flow = workflow.failed(flow, A, ERROR)
    assert (flow.state, states(flow)) == (JobState.PROCESSING, [FAILED, FAILED, FAILED, RUN])
    assert reasons(flow) == [
        "It is broken.",
        "It is made of video 1, which could not be made.",
        "It is made of video 2, which could not be made.",
        "",
    ]
    assert flow.progress == 75.0
    flow = workflow.completed(flow, D, result())
    assert (flow.state, flow.progress) == (JobState.FAILED, 99.0)
    assert flow.error is not None
    assert flow.error.code == "tasks_failed"
    assert flow.error.message.splitlines()[:2] == [
        "video 1: It is broken.",
        "video 2: It is made of video 1, which could not be made.",
    ]


def test_a_replay_reopens_the_failed_task_and_what_it_took_along() -> None:
    flow = workflow.failed(workflow.failed(queue(), A, ERROR), D, ERROR)
    assert flow.state is JobState.FAILED
    flow = claim(flow, A, replayed=True)
    assert (flow.state, flow.error, states(flow)) == (JobState.PROCESSING, None, [RUN, W, W, FAILED])
    for task in (A, B, C):
        flow = workflow.completed(flow, task, result())
    assert (flow.state, states(flow)) == (JobState.FAILED, [DONE, DONE, DONE, FAILED])
    assert flow.error is not None
    assert flow.error.message == "video 4: It is broken."
    flow = workflow.completed(claim(flow, D, replayed=True), D, result("d"))
    assert (flow.state, flow.error, flow.result) == (JobState.COMPLETED, None, result("d"))


def test_a_replay_may_come_before_the_job_ends() -> None:
    flow = workflow.failed(claim(queue(), A), A, ERROR)
    assert states(claim(flow, A, replayed=True)) == [RUN, W, W, W]


def test_what_failed_with_another_waits_for_the_replay_of_that() -> None:
    flow = workflow.failed(claim(queue(), A), A, ERROR)
    assert workflow.claimed(flow, B, replayed=True) is None


def test_what_is_made_of_two_failures_comes_back_with_the_second() -> None:
    nodes = (TaskNode(A, "a", W), TaskNode(B, "b", W), TaskNode(C, "c", W, follows=("a", "b")))
    flow = workflow.failed(Flow(JobState.PENDING, nodes, independent=True), A, ERROR)
    flow = claim(workflow.failed(flow, B, ERROR), A, replayed=True)
    assert (states(flow), reasons(flow)[2]) == (
        [RUN, FAILED, FAILED],
        "It is made of b, which could not be made.",
    )
    assert states(claim(flow, B, replayed=True)) == [RUN, RUN, W]


def test_a_cancel_ends_an_independent_job() -> None:
    flow = workflow.cancelled(workflow.failed(queue(), A, ERROR))
    assert (flow.state, states(flow)) == (JobState.CANCELLED, [FAILED, FAILED, FAILED, GONE])


# --- plans that grow -----------------------------------------------------------------------------


def growing() -> Flow:
    """`b` is planned when `a` is completed."""
    nodes = (TaskNode(A, "a", BLOCKED), TaskNode(B, "b", BLOCKED, ("a",), planned=False))
    return workflow.unblock(Flow(JobState.PENDING, nodes))


def test_a_task_is_ripe_once_what_it_needs_is_completed() -> None:
    flow = growing()
    assert workflow.ripe(flow) is None
    flow = workflow.completed(flow, A, result())
    ripe = workflow.ripe(flow)
    assert ripe is not None
    assert (ripe.task_id, states(flow)) == (B, [DONE, BLOCKED])


def test_what_is_not_planned_is_not_claimed() -> None:
    flow = workflow.completed(growing(), A, result())
    assert workflow.claimed(flow, B, replayed=False) is None


def test_a_planned_task_waits_at_once() -> None:
    flow = workflow.planned(workflow.completed(growing(), A, result()), B)
    assert (states(flow), workflow.ripe(flow)) == ([DONE, W], None)
    assert workflow.completed(flow, B, result("b")).result == result("b")


def test_a_task_that_cannot_be_planned_fails_the_job() -> None:
    flow = workflow.failed(workflow.completed(growing(), A, result()), B, ERROR)
    assert (flow.state, flow.error, workflow.ripe(flow)) == (JobState.FAILED, ERROR, None)


def test_nothing_is_ripe_in_a_job_that_ended() -> None:
    flow = workflow.cancelled(workflow.completed(growing(), A, result()))
    assert (states(flow), workflow.ripe(flow)) == ([DONE, GONE], None)


def test_what_is_to_come_counts_for_progress() -> None:
    assert workflow.completed(growing(), A, result()).progress == 50.0
