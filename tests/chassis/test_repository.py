"""Jobs changed and submitted by several replicas at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import ExtractMetadataSpec, JobError, JobState
from libs.contracts.tasks import MetadataTask
from services.jobs import workflow
from services.jobs.plans import PlannedTask
from services.jobs.repository import Repository
from services.jobs.results import remember_result
from services.jobs.rows import new_job
from services.jobs.submission import enqueue
from services.jobs.workflow import Flow
from tests.chassis.databases import Jobs, execute, opened
from tests.unit.samples import asset, result

pytestmark = pytest.mark.anyio
ERROR = JobError(code="media_error", message="It is broken.")
ENDS = ("job.completed.v1", "job.failed.v1", "job.cancelled.v1")


@pytest.fixture
async def jobs(database_url: str) -> AsyncIterator[Jobs]:
    async with opened(database_url) as database:
        yield Jobs(database)


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[Repository]:
    """Another process's repository."""
    async with opened(database_url) as database:
        yield Repository(database)


async def started(jobs: Jobs) -> tuple[UUID, UUID]:
    """A job in work, and its task."""
    (job_id,) = await jobs.submit()
    task_id = (await jobs.task_of(job_id)).task_id
    await jobs.repository.change(task_id, partial(workflow.claimed, task_id=task_id, replayed=False))
    return job_id, task_id


def steps(task_id: UUID) -> list[Callable[[Flow], Flow | None]]:
    return [
        partial(workflow.completed, task_id=task_id, result=result()),
        partial(workflow.failed, task_id=task_id, error=ERROR),
        workflow.cancelled,
        partial(workflow.progressed, task_id=task_id, fraction=0.5),
    ]


async def ends(jobs: Jobs) -> list[str]:
    return [row["subject"] for row in await jobs.outbox("job.%") if row["subject"] in ENDS]


async def test_facts_at_the_same_moment_give_one_end_and_one_event(jobs: Jobs, replica: Repository) -> None:
    for turn in range(8):
        job_id, task_id = await started(jobs)
        before = len(await ends(jobs))
        facts = steps(task_id)
        facts = facts[turn % 4 :] + facts[: turn % 4]
        await asyncio.gather(
            *(repository.change(task_id, fact) for fact in facts for repository in (jobs.repository, replica))
        )
        job, task = await jobs.job(job_id), await jobs.task_of(job_id)
        assert job.state == task.state
        assert (await ends(jobs))[before:] == [f"job.{job.state}.v1"]


async def test_a_cancel_that_read_the_job_before_it_ended_does_not_undo_the_end(
    jobs: Jobs, replica: Repository
) -> None:
    """As the call `jobs.cancel` does: it looks at the owner, and then changes the job."""
    job_id, task_id = await started(jobs)
    async with replica.transaction() as session:
        seen = await replica.owned_job(session, job_id, "public")
        assert seen.state == "processing"
        await jobs.repository.change(task_id, steps(task_id)[0])
        after = await replica.change_job(session, job_id, workflow.cancelled)
    assert after is not None
    assert after.state.value == seen.state == "completed"
    assert (await jobs.job(job_id)).state == "completed"
    assert await ends(jobs) == ["job.completed.v1"]


async def test_two_changes_in_one_transaction_see_each_other(jobs: Jobs) -> None:
    job_id, task_id = await started(jobs)
    progressed = partial(workflow.progressed, task_id=task_id)
    async with jobs.repository.transaction() as session:
        await jobs.repository.change_job(session, job_id, partial(progressed, fraction=0.5))
        job = await jobs.repository.change_job(session, job_id, partial(progressed, fraction=0.4))
    assert job is not None
    assert job.progress == 50.0
    assert (await jobs.job(job_id)).progress == 50.0


async def test_time_moves_on_with_every_change_whatever_the_clock_says(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, task_id = await started(jobs)
    monkeypatch.setattr("services.jobs.repository.utcnow", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    times = [(await jobs.job(job_id)).updated_at]
    for percent in (10, 20, 30):
        step = partial(workflow.progressed, task_id=task_id, fraction=percent / 100)
        job = await jobs.repository.change(task_id, step)
        assert job is not None
        times.append(job.updated_at)
    assert times == sorted(set(times))


async def test_a_refused_step_changes_nothing(jobs: Jobs) -> None:
    job_id, task_id = await started(jobs)
    before = await jobs.job(job_id)
    assert await jobs.repository.change(task_id, lambda _: None) is None
    assert (await jobs.job(job_id)).updated_at == before.updated_at


async def test_an_unknown_task_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(NotFoundError):
        await jobs.repository.change(UUID(int=5), workflow.cancelled)


async def test_a_step_that_fails_rolls_back(jobs: Jobs) -> None:
    job_id, _ = await started(jobs)

    async def cancel_and_fail() -> None:
        async with jobs.repository.transaction() as session:
            await jobs.repository.change_job(session, job_id, workflow.cancelled)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await cancel_and_fail()
    assert (await jobs.job(job_id)).state == "processing"
    assert await ends(jobs) == []


# --- submission ----------------------------------------------------------------------------------


async def test_a_known_key_answers_the_job_that_exists(jobs: Jobs) -> None:
    request = jobs.request(2)
    assert await jobs.send(request) == await jobs.send(request)
    assert len(await jobs.tasks()) == 2
    assert len(await jobs.outbox("job.created.v1")) == 2


async def test_the_same_key_twice_in_one_request_is_one_job(jobs: Jobs) -> None:
    request = jobs.request(1)
    twice = msgspec.structs.replace(request, submissions=request.submissions * 2)
    first, second = await jobs.send(twice)
    assert first == second
    assert len(await jobs.tasks()) == 1


async def test_a_request_repeated_while_it_is_in_work_is_one_job(jobs: Jobs) -> None:
    request = jobs.request(3)
    answers = await asyncio.gather(*(jobs.send(request) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await jobs.tasks()) == 3
    assert len(await jobs.outbox("job.created.v1")) == 3


async def test_owners_have_keys_of_their_own(jobs: Jobs) -> None:
    request = jobs.request(1)
    mine = await jobs.send(request)
    theirs = await jobs.send(msgspec.structs.replace(request, owner="somebody"))
    assert mine != theirs
    async with jobs.repository.transaction() as session:
        with pytest.raises(NotFoundError):
            await jobs.repository.owned_job(session, mine[0], "somebody")


async def test_a_known_result_answers_a_new_job_at_once(jobs: Jobs) -> None:
    (first,) = await jobs.submit(content=7)
    task = await jobs.task_of(first)
    async with jobs.repository.transaction() as session:
        await remember_result(session, task.fingerprint, result("known"))
        await remember_result(session, task.fingerprint, result("later"))
    (second,) = await jobs.submit(content=7)
    job = await jobs.job(second)
    assert (job.state, job.progress) == ("completed", 100.0)
    assert job.result is not None
    assert job.result["artifact"]["key"] == "results/x/known"
    assert await ends(jobs) == ["job.completed.v1"]


async def test_jobs_of_a_channel_are_the_open_ones_and_the_recent_ends(jobs: Jobs) -> None:
    done, running, old = await jobs.submit(3, channel="alice")
    await jobs.submit(1, channel="bob")
    for job_id in (done, old):
        await jobs.repository.change((await jobs.task_of(job_id)).task_id, workflow.cancelled)
    async with jobs.repository.transaction() as session:
        sql = text("UPDATE jobs.jobs SET updated_at = now() - interval '1 hour' WHERE job_id = :id")
        await session.execute(sql, {"id": old})
    found = await jobs.repository.channel_jobs("alice", 60)
    assert [job.job_id for job in found] == [done, running]
    assert [job.job_id for job in await jobs.repository.channel_jobs("alice", 0)] == [running]
    assert await jobs.repository.channel_jobs("alice", 60, found[0].family) == found
    assert await jobs.repository.channel_jobs("alice", 60, "another") == []


# --- plans of several tasks ----------------------------------------------------------------------


async def planned(jobs: Jobs, *plan: PlannedTask) -> tuple[UUID, list[UUID]]:
    """A job with these tasks."""
    spec = ExtractMetadataSpec(asset_id=UUID(int=1))
    async with jobs.repository.transaction() as session:
        row = new_job(spec, key="k", owner="public", family="jobs")
        session.add(row)
        await session.flush()
        tasks = await enqueue(session, row, plan, 60)
    return row.job_id, [task.task_id for task in tasks]


def step(name: str, **changes: Any) -> PlannedTask:
    source = asset()
    assert source.info is not None
    work = MetadataTask(source=source.object, info=source.info)
    return PlannedTask(name, "analyze", work, name, **changes)


async def test_the_result_is_that_of_the_last_task_once_the_job_is_completed(jobs: Jobs) -> None:
    job_id, (first, last) = await planned(jobs, step("a"), step("b"))
    change = partial(jobs.repository.change, last)
    job = await change(partial(workflow.completed, task_id=last, result=result("b")))
    assert job is not None
    assert (job.state, job.result) == (JobState.PENDING, None)
    await jobs.repository.change(first, partial(workflow.completed, task_id=first, result=result("a")))
    (found,) = await jobs.repository.jobs("public", ["k"])
    assert (found.job_id, found.state, found.result) == (job_id, JobState.COMPLETED, result("b"))


async def test_what_cannot_be_done_fails_at_once(jobs: Jobs) -> None:
    bad = PlannedTask("a", "analyze", None, "", error=ERROR)
    job_id, (first, second) = await planned(jobs, bad, step("b"))
    assert (await jobs.job(job_id)).error == {"code": "media_error", "message": "It is broken."}
    rows = {row.task_id: row for row in await jobs.tasks()}
    assert (rows[first].state, rows[first].payload, rows[second].state) == ("failed", {}, "cancelled")
    assert rows[first].error == {"code": "media_error", "message": "It is broken."}
    assert set(await jobs.repository.unwanted_tasks(job_id)) == {first, second}


async def test_rows_of_the_version_before_are_still_good(jobs: Jobs, database_url: str) -> None:
    (job_id,) = await jobs.submit()
    copy = """
        INSERT INTO jobs.jobs (job_id, key, owner, family, kind, asset_id, lane, state, progress, spec,
                               created_at, updated_at)
        SELECT $2, 'copy', owner, family, kind, asset_id, lane, state, progress, spec, created_at, updated_at
        FROM jobs.jobs WHERE job_id = $1"""
    await execute(database_url, copy, job_id, UUID(int=7))
    copy = """
        INSERT INTO jobs.tasks (task_id, job_id, position, name, service, lane, owner, share, fingerprint,
                                state, needs, weight, fraction, payload, trace, created_at)
        SELECT $2, $2, position, name, service, lane, owner, share, fingerprint, state, needs, weight,
               fraction, payload, trace, created_at
        FROM jobs.tasks WHERE job_id = $1"""
    await execute(database_url, copy, job_id, UUID(int=7))
    task_id = UUID(int=7)
    job = await jobs.repository.change(task_id, partial(workflow.completed, task_id=task_id, result=result()))
    assert job is not None
    assert job.state is JobState.COMPLETED
