"""The wait for the end of a job loses no end, and keeps nothing."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from libs.contracts.errors import NotFoundError, UnavailableError
from libs.contracts.jobs import Job, JobEvent, JobState
from services.edge.job_loader import JobLoader
from services.edge.waiting import EndWaiter, while_connected
from tests.unit.samples import job

pytestmark = pytest.mark.anyio
RUNNING, ENDED = job(1), job(1, state=JobState.COMPLETED, progress=100.0)


class Loader:
    """Answers with what `found` holds, or raises it."""

    def __init__(self, *found: Job | Exception) -> None:
        self.found = list(found)
        self.looks = 0

    async def state(self, owner: str, key: str) -> Job:
        assert (owner, key) == (RUNNING.owner, RUNNING.key)
        self.looks += 1
        found = self.found.pop(0) if len(self.found) > 1 else self.found[0]
        if isinstance(found, Exception):
            raise found
        return found


def waiter(*found: Job | Exception, recheck: float = 0.001) -> tuple[EndWaiter, Loader]:
    loader = Loader(*found)
    return EndWaiter(cast("JobLoader", loader), limit=2, recheck=recheck), loader


def left_over() -> list[str]:
    """Coroutines of this module or of the waiter that still run, but for the test."""
    names = [str(task.get_coro()) for task in asyncio.all_tasks() - {asyncio.current_task()}]
    return [name for name in names if "EndWaiter" in name or "_never" in name or "_disconnected" in name]


async def begun(waiter: EndWaiter) -> None:
    while not waiter._waiting:
        await asyncio.sleep(0)


async def test_a_job_that_ended_already_is_not_looked_at() -> None:
    ends, loader = waiter(RUNNING)
    assert await ends.wait(ENDED, 60) is ENDED
    assert loader.looks == 0


async def test_an_end_between_its_making_and_the_wait_is_seen_at_once() -> None:
    ends, loader = waiter(ENDED, recheck=60)
    assert await ends.wait(RUNNING, 60) == ENDED
    assert loader.looks == 1


async def test_all_who_wait_for_a_job_are_told() -> None:
    ends, _ = waiter(RUNNING, recheck=60)
    waits = [asyncio.create_task(ends.wait(RUNNING, 60)) for _ in range(3)]
    await begun(ends)
    await asyncio.sleep(0)
    for other in (job(2, state=JobState.COMPLETED), ENDED, ENDED):  # events may come twice
        await ends.on_end(JobEvent(job=other))
    assert await asyncio.gather(*waits) == [ENDED] * 3
    assert not ends._waiting


async def test_failing_looks_do_not_end_the_wait() -> None:
    ends, loader = waiter(UnavailableError("Away."), NotFoundError("Gone."), RUNNING, ENDED)
    assert await ends.wait(RUNNING, 60) == ENDED
    assert loader.looks == 4


async def test_an_event_wins_over_a_look_that_hangs() -> None:
    ends, loader = waiter(RUNNING)
    hang = asyncio.Event()

    async def hanging(*_: Any) -> Job:
        await hang.wait()
        raise AssertionError

    loader.state = hanging  # type: ignore[method-assign, assignment]  # a look that never ends
    wait = asyncio.create_task(ends.wait(RUNNING, 60))
    await begun(ends)
    await ends.on_end(JobEvent(job=ENDED))
    assert await wait == ENDED


async def test_patience_ends() -> None:
    ends, _ = waiter(RUNNING)
    assert await ends.wait(RUNNING, 0.01) is None
    assert not ends._waiting


async def test_a_cancelled_wait_leaves_nothing() -> None:
    ends, _ = waiter(RUNNING)
    wait = asyncio.create_task(ends.wait(RUNNING, 60))
    await begun(ends)
    wait.cancel()
    await asyncio.gather(wait, return_exceptions=True)
    assert not ends._waiting
    await asyncio.sleep(0)
    assert not left_over()


async def test_places_are_bounded_and_given_back() -> None:
    ends, _ = waiter(RUNNING)
    with ends.place():
        assert not ends.full
        with ends.place():
            assert ends.full
    assert not ends.full


async def _never() -> Any:
    await asyncio.Event().wait()


async def test_work_goes_on_while_the_client_is_there() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    async def fail() -> int:
        raise ValueError

    assert await while_connected(_never, work()) == 7
    with pytest.raises(ValueError):
        await while_connected(_never, fail())
    assert not left_over()


async def test_work_ends_when_the_client_leaves() -> None:
    messages = [{"type": "http.disconnect"}, {"type": "http.request"}]

    async def receive() -> Any:
        return messages.pop()

    assert await while_connected(receive, _never()) is None
    assert not left_over()


async def test_who_can_do_without_the_end_leaves_when_the_process_does() -> None:
    ends, _ = waiter(RUNNING, recheck=60)
    leaving = asyncio.create_task(ends.wait(RUNNING, 60, leave=True))
    staying = asyncio.create_task(ends.wait(RUNNING, 60))
    await begun(ends)
    await asyncio.sleep(0)
    ends.hurry()
    assert await leaving is None
    assert await ends.wait(RUNNING, 60, leave=True) is None
    assert not staying.done()
    await ends.on_end(JobEvent(job=ENDED))
    assert await staying == ENDED
    await asyncio.sleep(0)
    assert left_over() == []
