"""Look-ups in batches that never show an older state than somebody was told before."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from libs.chassis.batches import Batches
from libs.chassis.bus import Bus
from libs.contracts.errors import InternalError, NotFoundError, UnavailableError
from libs.contracts.jobs import Job
from libs.contracts.rpc import GetJobs, JobList
from services.edge.job_loader import JobLoader
from tests.unit.samples import job

pytestmark = pytest.mark.anyio


class Jobs:
    """The jobs service: answers a call when the test says so; reads its state at that moment."""

    def __init__(self) -> None:
        self.state: dict[str, Job] = {}
        self.calls: list[GetJobs] = []
        self.error: Exception | None = None
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def call(self, _: object, request: GetJobs) -> Any:
        self.calls.append(request)
        seen = {key: self.state[key] for key in request.keys if key in self.state}  # read, then answer
        await self._open.wait()
        if self.error is not None:
            raise self.error
        return JobList(jobs=list(reversed(seen.values())))


def setup(count: int = 3) -> tuple[Jobs, JobLoader]:
    jobs = Jobs()
    jobs.state = {f"k{number}": job(number, key=f"k{number}") for number in range(count)}
    return jobs, JobLoader(cast("Bus", jobs))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_crowd_shares_a_call_and_each_gets_his_own() -> None:
    jobs, loader = setup(50)
    keys = [f"k{number % 50}" for number in range(1000)]
    found = await asyncio.gather(*(loader.state("o", key) for key in keys))
    assert [each.key for each in found] == keys
    assert len(jobs.calls) == 1
    assert sorted(jobs.calls[0].keys) == sorted(set(keys))


@pytest.mark.parametrize(
    ("results", "count", "sizes"), [(False, 450, [200, 200, 50]), (True, 45, [20, 20, 5])]
)
async def test_batches_are_bounded(results: bool, count: int, sizes: list[int]) -> None:
    """Replies with results are larger, and a reply has at most 1 MB."""
    jobs, loader = setup(count)
    load = loader.get if results else loader.state
    found = await asyncio.gather(*(load("o", f"k{number}") for number in range(count)))
    assert [each.key for each in found] == [f"k{number}" for number in range(count)]
    assert [len(call.keys) for call in jobs.calls] == sizes
    assert {call.results for call in jobs.calls} == {results}


async def test_owners_do_not_share_calls() -> None:
    jobs, loader = setup()
    await asyncio.gather(loader.get("a", "k1"), loader.get("b", "k1"))
    assert sorted(call.owner for call in jobs.calls) == ["a", "b"]


async def test_a_request_during_a_call_is_answered_by_the_next_one() -> None:
    jobs, loader = setup()
    jobs.hold()
    early = asyncio.ensure_future(loader.get("o", "k1"))
    await settle()
    jobs.state["k1"] = job(1, key="k1", progress=50.0)  # somebody is told so over his socket, and asks
    late = []
    for _ in range(4):  # two calls are out at once, the others wait for a third
        late.append(asyncio.ensure_future(loader.get("o", "k1")))
        await settle()
    assert len(jobs.calls) == 2
    jobs.release()
    assert (await early).progress == 0.0
    assert [each.progress for each in await asyncio.gather(*late)] == [50.0] * 4
    assert len(jobs.calls) == 3


async def test_who_asks_again_at_once_is_answered() -> None:
    jobs, loader = setup()

    async def poll(key: str, times: int) -> None:
        for _ in range(times):
            assert (await loader.get("o", key)).key == key

    jobs.hold()
    polling = []
    for key, times in (("k1", 3), ("k2", 1)):
        polling.append(asyncio.ensure_future(poll(key, times)))
        await settle()
    assert len(jobs.calls) == 2
    jobs.release()  # both calls end in the same moment
    async with asyncio.timeout(5):
        await asyncio.gather(*polling)


async def test_a_state_comes_without_its_result() -> None:
    jobs, loader = setup()
    await asyncio.gather(loader.get("o", "k1"), loader.state("o", "k1"))
    assert sorted(call.results for call in jobs.calls) == [False, True]


async def test_what_is_missing_is_not_found_and_only_that() -> None:
    _, loader = setup()
    found, missing = await asyncio.gather(
        loader.get("o", "k1"), loader.get("o", "nope"), return_exceptions=True
    )
    assert isinstance(found, Job)
    assert isinstance(missing, NotFoundError)


async def test_a_failure_is_shared_and_the_next_call_is_free_of_it() -> None:
    jobs, loader = setup()
    jobs.error = UnavailableError("The jobs service does not answer.")
    results = await asyncio.gather(*(loader.get("o", f"k{n % 3}") for n in range(9)), return_exceptions=True)
    assert [type(each) for each in results] == [UnavailableError] * 9
    jobs.error = None
    assert (await loader.get("o", "k1")).key == "k1"


async def test_one_that_nobody_can_answer_does_not_fail_the_others() -> None:
    """Such as a job whose answer is too large."""
    asked: list[list[str]] = []

    async def load(_: None, keys: list[str]) -> dict[str, str]:
        asked.append(keys)
        if "poison" in keys:
            raise InternalError("The answer is too large.")
        return {key: key.upper() for key in keys}

    batches: Batches[None, str, str] = Batches(load, lambda _: 10)
    keys = ["a", "poison", "b"]
    found = await asyncio.gather(*(batches.get(None, key) for key in keys), return_exceptions=True)
    assert (found[0], found[2]) == ("A", "B")
    assert isinstance(found[1], InternalError)
    assert asked == [keys, ["a"], ["poison"], ["b"]]
    assert batches.idle


async def test_a_cancelled_waiter_does_not_disturb_the_others() -> None:
    jobs, loader = setup()
    jobs.hold()
    waiting = [asyncio.ensure_future(loader.get("o", "k1")) for _ in range(3)]
    await settle()
    waiting[0].cancel()
    later = asyncio.ensure_future(loader.get("o", "k2"))
    await settle()
    later.cancel()
    await settle()
    jobs.release()
    assert [each.key for each in await asyncio.gather(*waiting[1:])] == ["k1", "k1"]
    assert waiting[0].cancelled()
    assert later.cancelled()


async def test_nothing_is_kept_when_all_is_answered() -> None:
    _, loader = setup()
    await asyncio.gather(*(loader.get(f"owner{n}", "k1") for n in range(20)))
    await settle()
    assert loader.idle


async def test_nobody_is_asked_for_requests_that_are_all_gone() -> None:
    jobs, loader = setup()
    jobs.hold()
    first = asyncio.ensure_future(loader.get("o", "k1"))
    await settle()
    gone = asyncio.ensure_future(loader.get("o", "k2"))
    await settle()
    gone.cancel()
    jobs.release()
    await first
    await settle()
    assert loader.idle
