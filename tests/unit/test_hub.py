"""Who hears what."""

from __future__ import annotations

from typing import Any

import pytest

from libs.contracts.jobs import JobCompleted, JobCreated, JobEvent, JobProgressed, JobState
from libs.contracts.media import MediaIngested
from services.notify.families import enhancement, jobs
from services.notify.hub import Hub, Listener
from services.notify.mailbox import SlowReaderError
from tests.unit.samples import asset, at, job
from tests.unit.test_mailbox import drain

pytestmark = pytest.mark.anyio


def hub(queue: int = 10, hard: int = 50) -> Hub:
    return Hub(queue=queue, hard_queue=hard)


def moved(number: int, percent: float, second: float, **changes: Any) -> JobEvent:
    return JobProgressed(job=job(number, progress=percent, updated_at=at(second), **changes))


def ended(number: int, second: float, **changes: Any) -> JobEvent:
    return JobCompleted(
        job=job(number, state=JobState.COMPLETED, progress=100.0, updated_at=at(second), **changes)
    )


async def said(listener: Listener) -> list[tuple[str, int]]:
    return [
        (str(body["status"]), int(str(body.get("progress", 0)))) for body in await drain(listener.mailbox)
    ]


async def test_every_listener_of_a_channel_hears_everything_and_others_nothing() -> None:
    it = hub()
    with (
        it.listening(enhancement, "alice") as first,
        it.listening(enhancement, "alice") as second,
        it.listening(enhancement, "bob") as other,
    ):
        await it.on_job(JobCreated(job=job(1, state=JobState.PENDING, updated_at=at(1))))
        await it.on_job(ended(1, 2))
        expected = [("pending", 0), ("completed", 100)]
        assert await said(first) == expected
        assert await said(second) == expected
        assert await said(other) == []


async def test_a_listener_that_left_hears_nothing_and_is_forgotten() -> None:
    it = hub()
    with it.listening(enhancement, "alice") as gone:
        pass
    with it.listening(enhancement, "alice") as here:
        await it.on_job(ended(1, 1))
        assert await said(gone) == []
        assert await said(here) == [("completed", 100)]
    assert dict(it._channels) == {}


@pytest.mark.parametrize("changes", [{"channel": None}, {"family": "motion-photo"}])
async def test_jobs_of_no_channel_or_another_family_are_nobodys(changes: dict[str, Any]) -> None:
    it = hub()
    with it.listening(enhancement, "alice") as listener:
        await it.on_job(ended(1, 1, **changes))
        assert await said(listener) == []
    assert dict(it._channels) == {}


async def test_an_upload_is_told_to_its_channel() -> None:
    it = hub()
    with it.listening(enhancement, "alice") as alice, it.listening(enhancement, "bob") as bob:
        await it.on_ingested(MediaIngested(asset=asset(7), family="enhancement", channel="alice"))
        (body,) = await drain(alice.mailbox)
        assert (body["type"], body["file_id"]) == ("upload_status", str(asset(7).asset_id))
        assert await said(bob) == []


async def test_families_do_not_hear_each_other_on_channels_of_one_name() -> None:
    it = hub()
    with it.listening(enhancement, "user/a") as web, it.listening(jobs, "user/a") as back_end:
        await it.on_job(ended(1, 1, channel="user/a"))
        await it.on_job(ended(2, 1, channel="user/a", family="jobs"))
        await it.on_ingested(MediaIngested(asset=asset(7), family="jobs", channel="user/a"))
        assert [body["type"] for body in await drain(web.mailbox)] == ["status_update"]
        assert [body["type"] for body in await drain(back_end.mailbox)] == ["JOB_COMPLETED"]


async def test_the_end_replaces_queued_progress_and_is_last() -> None:
    it = hub()
    with it.listening(enhancement, "alice") as listener:
        await it.on_job(moved(1, 40, 1))
        await it.on_job(ended(1, 3))
        await it.on_job(moved(1, 80, 2))  # late
        await it.on_job(ended(1, 3))  # again
        assert await said(listener) == [("completed", 100)]
    assert listener.mailbox.dropped == 1


async def test_a_slow_listener_loses_progress_but_no_end() -> None:
    it = hub(queue=4, hard=200)
    with it.listening(enhancement, "alice") as slow:
        for number in range(100):
            await it.on_job(moved(number, 10, 1))
            await it.on_job(ended(number, 2))
        for number in range(100, 200):
            await it.on_job(moved(number, 10, 1))
        told = await said(slow)
    assert told[:100] == [("completed", 100)] * 100
    assert 1 <= len(told[100:]) <= 4


async def test_a_hopeless_listener_is_given_up_and_does_not_touch_the_others() -> None:
    it = hub(queue=4, hard=10)
    with it.listening(enhancement, "alice") as slow, it.listening(enhancement, "alice") as quick:
        for number in range(20):
            await it.on_job(ended(number, 2))
            assert await said(quick) == [("completed", 100)]
        with pytest.raises(SlowReaderError):
            await slow.mailbox.get()


async def test_a_reader_that_keeps_up_sees_progress_rise_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("services.notify.hub.time.monotonic", lambda: now)
    it = hub()
    told: list[tuple[str, int]] = []
    with it.listening(enhancement, "alice") as listener:
        for tick in range(1, 100):
            now = tick / 20
            await it.on_job(moved(1, tick, tick))
            told += await said(listener)
        await it.on_job(ended(1, 100))
        told += await said(listener)
    percents = [percent for _, percent in told]
    assert percents == sorted(set(percents))
    assert told[-1] == ("completed", 100)
    assert len(told) == 21  # five seconds at four a second, and the end
