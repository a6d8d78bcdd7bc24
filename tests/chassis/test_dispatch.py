"""Which waiting tasks go out, on a real database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from libs.contracts.jobs import ExtractMetadataSpec, JobState, PreviewSpec
from services.jobs import rows, workflow
from services.jobs.dispatch import Dispatcher
from services.jobs.results import known_results, lock_results, remember_result
from tests.chassis.databases import Jobs, execute, opened
from tests.unit.samples import result

pytestmark = pytest.mark.anyio
SERVICE = "transcode"
PREVIEW = partial(PreviewSpec, session_id=UUID(int=1))


@pytest.fixture
async def jobs(database_url: str) -> AsyncIterator[Jobs]:
    async with opened(database_url) as database:
        yield Jobs(database)


def dispatcher(jobs: Jobs, *, window: int = 4, cap: int = 64, bound: int = 3) -> Dispatcher:
    limits = {"sessions": bound}
    return Dispatcher(jobs.repository, window=window, cap=cap, interval=0.01, limits=limits)


async def claim(jobs: Jobs, count: int = 1) -> None:
    """Workers take the oldest released tasks."""
    for task in (await jobs.tasks("released"))[:count]:
        step = partial(workflow.claimed, task_id=task.task_id, replayed=False)
        assert await jobs.repository.change(task.task_id, step)


async def complete(jobs: Jobs, count: int = 1) -> None:
    for task in (await jobs.tasks("released", "running"))[:count]:
        step = partial(workflow.completed, task_id=task.task_id, result=result())
        assert await jobs.repository.change(task.task_id, step)


async def test_a_window_is_released_and_refilled_as_workers_take(jobs: Jobs) -> None:
    ids = await jobs.submit(10)
    it = dispatcher(jobs, window=4)
    assert await it.round(SERVICE) == 4
    assert await it.round(SERVICE) == 0
    assert await jobs.released() == ids[:4]
    await claim(jobs, 3)
    assert await it.round(SERVICE) == 3
    assert await jobs.released() == ids[:7]
    assert Counter(task.state for task in await jobs.tasks()) == {"running": 3, "released": 4, "waiting": 3}


async def test_a_task_goes_out_as_it_was_planned_and_once(jobs: Jobs) -> None:
    (job_id,) = await jobs.submit(lane="batch")
    it = dispatcher(jobs)
    await it.round(SERVICE)
    await it.round(SERVICE)
    (row,) = await jobs.outbox("tasks.%")
    assert row["subject"] == "tasks.transcode.batch"
    task = await jobs.task_of(job_id)
    assert task.released_at is not None
    assert row["message_id"].startswith(str(task.task_id))


async def test_what_no_message_can_hold_fails_and_stands_in_nobodys_way(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rows, "MAX_PAYLOAD", 100)
        (large,) = await jobs.submit()
    job = await jobs.job(large)
    assert (job.state, (job.error or {})["code"]) == ("failed", "invalid_input")
    (small,) = await jobs.submit(owner="bob")
    await dispatcher(jobs).round(SERVICE)
    assert await jobs.released() == [small]


async def test_services_have_windows_of_their_own(jobs: Jobs) -> None:
    await jobs.submit(3)
    await jobs.submit(3, kind=ExtractMetadataSpec)
    it = dispatcher(jobs, window=2)
    assert await it.round(SERVICE) == 2
    assert await it.round("analyze") == 2
    assert {row["subject"] for row in await jobs.outbox("tasks.%")} == {
        "tasks.transcode.interactive",
        "tasks.analyze.interactive",
    }


async def test_a_small_owner_is_not_behind_a_large_one(jobs: Jobs) -> None:
    await jobs.submit(100, owner="a")
    small = await jobs.submit(2, owner="b")
    it = dispatcher(jobs, window=4)
    await it.round(SERVICE)
    first = await jobs.released()
    assert set(small) <= set(first)
    assert first[1] == small[0]  # turn by turn


async def test_channels_of_the_public_owner_take_turns_too(jobs: Jobs) -> None:
    await jobs.submit(50, channel="alice")
    bobs = await jobs.submit(2, channel="bob")
    await dispatcher(jobs, window=4).round(SERVICE)
    assert set(bobs) <= set(await jobs.released())


async def test_the_cap_of_the_public_owner_takes_turns_too(jobs: Jobs) -> None:
    """Who comes late with little goes out before the rest of who came first with much."""
    await jobs.submit(80, channel="flood")
    late = await jobs.submit(1, channel="late")
    await dispatcher(jobs, window=4, cap=8).round(SERVICE)
    assert set(late) <= set(await jobs.released())


async def test_who_has_most_in_work_waits(jobs: Jobs) -> None:
    it = dispatcher(jobs, window=3)
    await jobs.submit(6, owner="a")
    await it.round(SERVICE)
    await claim(jobs, 3)  # a works on three
    late = await jobs.submit(3, owner="b")
    await it.round(SERVICE)
    assert (await jobs.released())[3:] == late


async def test_interactive_goes_before_batch(jobs: Jobs) -> None:
    batch = await jobs.submit(5, lane="batch")
    interactive = await jobs.submit(3, owner="b", lane="interactive")
    await dispatcher(jobs, window=5).round(SERVICE)
    assert await jobs.released() == interactive + batch[:2]


async def test_an_owner_has_a_cap(jobs: Jobs) -> None:
    it = dispatcher(jobs, window=100, cap=5)
    await jobs.submit(20, owner="a")
    assert await it.round(SERVICE) == 5
    await claim(jobs, 5)
    assert await it.round(SERVICE) == 0
    await complete(jobs, 2)
    assert await it.round(SERVICE) == 2
    others = await jobs.submit(3, owner="b")
    assert await it.round(SERVICE) == 3
    assert (await jobs.released())[-3:] == others


async def test_a_service_may_have_a_cap_of_its_own(jobs: Jobs) -> None:
    await jobs.submit(9, owner="a")
    await jobs.submit(9, owner="a", kind=ExtractMetadataSpec)
    it = Dispatcher(jobs.repository, window=20, cap=5, interval=1, caps={"analyze": 2})
    assert [await it.round(service) for service in (SERVICE, "analyze")] == [5, 2]


async def drain(jobs: Jobs, it: Dispatcher, wanted: set[UUID], *, cap: int) -> list[UUID]:
    """Work two at a time until all of `wanted` are done; jobs in order of their ends. No owner has more than
    `cap` out at any time."""
    ended: list[UUID] = []
    while not wanted <= set(ended):
        await it.round(SERVICE)
        out = await jobs.tasks("released", "running")
        assert max(Counter(task.owner for task in out).values()) <= cap
        ended += [task.job_id for task in out[:2]]
        await complete(jobs, 2)
    return ended


async def test_nobody_waits_behind_another_s_backlog(jobs: Jobs) -> None:
    """One owner has much, nine come later with little: all of them take turns."""
    backlog = set(await jobs.submit(60, owner="a"))
    it = dispatcher(jobs, window=2, cap=3)
    await it.round(SERVICE)
    late = {owner: await jobs.submit(3, owner=owner) for owner in "bcdefghij"}
    ended = await drain(jobs, it, {job_id for mine in late.values() for job_id in mine}, cap=3)
    assert len(backlog.intersection(ended)) <= 2 + 3 + 1  # ready before; one for each turn of the others
    for turn in range(3):
        ends = [ended.index(mine[turn]) for mine in late.values()]
        assert max(ends) - min(ends) < 10 + 2


async def test_who_comes_late_does_not_wait_for_many_backlogs(jobs: Jobs) -> None:
    """More owners wait than there are places to work: everybody has a turn, then everybody a second one."""
    for owner in "abcdefghij":
        await jobs.submit(10, owner=owner)
    it = dispatcher(jobs, window=2)
    await it.round(SERVICE)
    late = await jobs.submit(2, owner="z")
    ended = await drain(jobs, it, set(late), cap=64)
    first, second = (ended.index(job_id) for job_id in late)
    assert first < 11 + 2
    assert second < 2 * 11 + 2


async def test_twins_wait_for_the_first_and_are_answered_with_it(jobs: Jobs) -> None:
    it = dispatcher(jobs, window=10)
    first, *twins = await jobs.submit(5, content=1)
    other = (await jobs.submit(1))[0]
    await it.round(SERVICE)
    await it.round(SERVICE)
    assert await jobs.released() == [first, other]
    task = await jobs.task_of(first)
    async with jobs.repository.transaction() as session:
        await remember_result(session, task.fingerprint, result("shared"))
        step = partial(workflow.completed, task_id=task.task_id, result=result("shared"))
        await jobs.repository.change_job(session, first, step)
    assert await it.round(SERVICE) == 0
    for twin in twins:
        job = await jobs.job(twin)
        assert (job.state, job.result) == ("completed", (await jobs.job(first)).result)
    assert len(await jobs.outbox("job.completed.v1")) == 5
    assert await jobs.released() == [first, other]


async def test_a_twin_goes_out_when_the_first_fails(jobs: Jobs) -> None:
    it = dispatcher(jobs)
    first, second = await jobs.submit(2, content=1)
    await it.round(SERVICE)
    await jobs.repository.change((await jobs.task_of(first)).task_id, workflow.cancelled)
    await it.round(SERVICE)
    assert await jobs.released() == [first, second]


async def test_more_twins_than_a_round_answers_are_not_worked_on_again(jobs: Jobs) -> None:
    it = dispatcher(jobs)
    first, *twins = await jobs.submit(231, content=1)
    await it.round(SERVICE)
    task = await jobs.task_of(first)
    async with jobs.repository.transaction() as session:
        await remember_result(session, task.fingerprint, result())
        step = partial(workflow.completed, task_id=task.task_id, result=result())
        await jobs.repository.change_job(session, first, step)
    assert await it.round(SERVICE) == 0
    assert await it.round(SERVICE) == 0
    assert await jobs.released() == [first]
    assert len(await jobs.tasks("completed")) == 231
    assert (await jobs.job(twins[-1])).state == "completed"


async def test_what_is_cancelled_is_never_released(jobs: Jobs) -> None:
    ids = await jobs.submit(4)
    for job_id in ids[:3]:
        task = await jobs.task_of(job_id)
        assert await jobs.repository.change(task.task_id, workflow.cancelled)
    await dispatcher(jobs).round(SERVICE)
    assert await jobs.released() == ids[3:]


async def test_rounds_at_once_release_nothing_twice(jobs: Jobs) -> None:
    ids = await jobs.submit(40)
    rounds = [dispatcher(jobs, window=30).round(SERVICE) for _ in range(6)]
    assert sum(await asyncio.gather(*rounds)) == 30
    assert sorted(await jobs.released()) == sorted(ids[:30])


async def test_rounds_and_cancels_at_once_end_in_a_legal_state(jobs: Jobs) -> None:
    ids = await jobs.submit(30)
    tasks = [(await jobs.task_of(job_id)).task_id for job_id in ids]
    cancels = [jobs.repository.change(task, workflow.cancelled) for task in tasks]
    rounds = [dispatcher(jobs, window=10).round(SERVICE) for _ in range(3)]
    await asyncio.gather(*cancels, *rounds)
    assert {task.state for task in await jobs.tasks()} == {"cancelled"}
    assert [(await jobs.job(job_id)).state for job_id in ids] == [JobState.CANCELLED.value] * 30
    assert len(await jobs.outbox("job.cancelled.v1")) == 30


async def test_a_limited_service_has_no_more_out_whoever_works(jobs: Jobs) -> None:
    """Released and running count, each round and over all replicas."""
    ids = await jobs.submit(8, kind=PREVIEW)
    it = dispatcher(jobs, window=10, bound=3)
    assert await it.round("sessions") == 3
    assert await it.round("sessions") == 0
    await claim(jobs, 2)
    assert await it.round("sessions") == 0
    await complete(jobs, 1)
    assert await it.round("sessions") == 1
    assert await jobs.released() == ids[:4]
    assert Counter(task.state for task in await jobs.tasks())["waiting"] == 4


async def test_a_window_within_the_limit_still_counts(jobs: Jobs) -> None:
    await jobs.submit(5, kind=PREVIEW)
    it = dispatcher(jobs, window=1, bound=3)
    assert [await it.round("sessions") for _ in range(2)] == [1, 0]
    await claim(jobs)
    assert await it.round("sessions") == 1


async def test_a_limit_holds_for_replicas_at_once_and_for_its_service_alone(jobs: Jobs) -> None:
    await jobs.submit(20, kind=PREVIEW)
    await jobs.submit(20)
    rounds = [
        dispatcher(jobs, window=10, bound=3).round(service)
        for service in ("sessions", SERVICE)
        for _ in range(4)
    ]
    await asyncio.gather(*rounds)
    assert Counter(task.service for task in await jobs.tasks("released")) == {"sessions": 3, SERVICE: 10}


async def test_who_is_cancelled_makes_room_within_the_limit(jobs: Jobs) -> None:
    first, *_, last = await jobs.submit(4, kind=PREVIEW)
    it = dispatcher(jobs, bound=3)
    await it.round("sessions")
    await jobs.repository.change((await jobs.task_of(first)).task_id, workflow.cancelled)
    assert await it.round("sessions") == 1
    assert (await jobs.released())[-1] == last


async def test_a_step_looks_at_every_service_when_woken(jobs: Jobs) -> None:
    await jobs.submit(1)
    await jobs.submit(1, kind=ExtractMetadataSpec)
    it = Dispatcher(jobs.repository, window=4, cap=64, interval=60)
    it.wake()
    async with asyncio.timeout(20):
        await it.step()
    assert len(await jobs.released()) == 2


async def test_a_step_leaves_out_services_for_which_nothing_waits(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await jobs.submit(1)
    it, looked_at = dispatcher(jobs), list[str]()

    async def look(service: str) -> int:
        looked_at.append(service)
        return 0

    monkeypatch.setattr(it, "round", look)
    it.wake()
    await it.step()
    assert looked_at == [SERVICE]


async def test_a_reopened_job_goes_out_again_as_a_new_message(jobs: Jobs) -> None:
    (job_id,) = await jobs.submit(1)
    it = dispatcher(jobs)
    await it.round(SERVICE)
    await execute(jobs.database.url, "UPDATE jobs.tasks SET state = 'waiting'")
    await it.round(SERVICE)
    first, second = await jobs.outbox("tasks.%")
    assert first["message_id"] != second["message_id"]
    assert await jobs.released() == [job_id, job_id]


async def test_who_forgets_a_result_waits_for_those_that_take_it(jobs: Jobs) -> None:
    async with jobs.database.transaction() as session:
        await remember_result(session, "f", result())
    taken, order = asyncio.Event(), list[str]()

    async def take() -> None:
        async with jobs.database.transaction() as session:
            assert await known_results(session, ["f"], held=True)
            taken.set()
            await asyncio.sleep(0.3)
            order.append("taken")

    async def forget() -> None:
        await taken.wait()
        async with jobs.database.transaction() as session:
            await lock_results(session, ["f"])
            order.append("forgotten")

    await asyncio.gather(take(), forget())
    assert order == ["taken", "forgotten"]


def open_tasks(state: str) -> float | None:
    return REGISTRY.get_sample_value("reelbus_tasks_open", {"service": SERVICE, "state": state})


def oldest() -> float:
    return REGISTRY.get_sample_value("reelbus_tasks_oldest_seconds", {"service": SERVICE}) or 0.0


async def test_what_waits_is_told_and_for_how_long(jobs: Jobs) -> None:
    """A task waits until a worker takes it, on the stream or before."""
    it = dispatcher(jobs, window=1)
    await it.measure()
    assert (open_tasks("waiting"), oldest()) == (0, 0)
    await jobs.submit(2)
    await execute(jobs.database.url, "UPDATE jobs.tasks SET waiting_at = now() - interval '100 s'")
    await it.round(SERVICE)
    await jobs.submit(1)
    await it.measure()
    assert (open_tasks("waiting"), open_tasks("released"), open_tasks("running")) == (2, 1, 0)
    assert 100 <= oldest() < 130
    await execute(jobs.database.url, "UPDATE jobs.tasks SET waiting_at = NULL WHERE state = 'waiting'")
    await execute(jobs.database.url, "UPDATE jobs.tasks SET created_at = now() - interval '7 s'")
    await claim(jobs)
    await it.measure()
    assert 7 <= oldest() < 37  # written by a version that kept no such time
    assert open_tasks("running") == 1
