"""What one slow socket gets: ends of jobs always, progress when there is room."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from libs.contracts.jobs import JobState
from services.notify.mailbox import Letter, Mailbox, SlowReaderError, Timeline
from tests.unit.samples import at, job

pytestmark = pytest.mark.anyio


def progress(number: int, percent: int) -> tuple[UUID, Letter]:
    return UUID(int=number), Letter({"job": number, "progress": percent})


def end(number: int) -> Letter:
    return Letter({"job": number, "end": True}, UUID(int=number))


async def drain(mailbox: Mailbox) -> list[dict[str, object]]:
    """All that is queued now."""
    got: list[dict[str, object]] = []
    while True:
        getting = asyncio.ensure_future(mailbox.get())
        await asyncio.sleep(0)
        if not getting.done():
            getting.cancel()
            return got
        got.append(getting.result().body)


async def test_progress_of_a_job_coalesces_to_the_newest() -> None:
    mailbox = Mailbox(10, 10)
    for percent in (10, 20, 30):
        mailbox.put_progress(*progress(1, percent))
    assert await drain(mailbox) == [{"job": 1, "progress": 30}]
    assert mailbox.dropped == 2


async def test_progress_of_the_job_that_waited_longest_goes_first() -> None:
    mailbox = Mailbox(2, 10)
    for number in (1, 2, 3):
        mailbox.put_progress(*progress(number, 50))
    assert [body["job"] for body in await drain(mailbox)] == [2, 3]
    assert mailbox.dropped == 1


async def test_what_must_arrive_arrives_in_order_and_before_progress() -> None:
    mailbox = Mailbox(3, 100)
    mailbox.put_progress(*progress(9, 50))
    for number in range(50):
        mailbox.put(end(number))
    bodies = await drain(mailbox)
    assert [body["job"] for body in bodies] == [*range(50), 9]


async def test_a_full_mailbox_keeps_the_newest_progress() -> None:
    mailbox = Mailbox(3, 100)
    for number in range(3):
        mailbox.put(end(number))
    mailbox.put_progress(*progress(7, 10))
    mailbox.put_progress(*progress(8, 10))
    assert [body["job"] for body in await drain(mailbox)] == [0, 1, 2, 8]


async def test_settling_forgets_progress_before_the_end() -> None:
    mailbox = Mailbox(10, 10)
    mailbox.put_progress(*progress(1, 99))
    mailbox.settle(UUID(int=1))
    mailbox.put(end(1))
    assert await drain(mailbox) == [{"job": 1, "end": True}]


async def test_a_reader_too_slow_for_ends_is_given_up() -> None:
    mailbox = Mailbox(2, 4)
    for number in range(4):
        mailbox.put(end(number))
    assert (await mailbox.get()).body["job"] == 0
    mailbox.put(end(4))
    mailbox.put(end(5))
    with pytest.raises(SlowReaderError):
        await mailbox.get()


async def test_a_waiting_reader_is_woken() -> None:
    mailbox = Mailbox(2, 4)
    getting = asyncio.ensure_future(mailbox.get())
    await asyncio.sleep(0)
    assert not getting.done()
    mailbox.put_progress(*progress(1, 1))
    async with asyncio.timeout(5):
        assert (await getting).body == {"job": 1, "progress": 1}


async def test_memory_is_bounded_for_a_reader_that_never_reads() -> None:
    mailbox = Mailbox(8, 16)
    for number in range(10_000):
        mailbox.put(end(number))
        mailbox.put_progress(*progress(number, 5))
    assert len(mailbox._must) <= 16
    assert len(mailbox._progress) <= 8


def test_states_are_shown_in_order_and_once() -> None:
    timeline = Timeline()
    assert timeline.admit(job(updated_at=at(2)), 0.0)
    assert not timeline.admit(job(updated_at=at(2)), 10.0)
    assert not timeline.admit(job(updated_at=at(1)), 20.0)
    assert timeline.admit(job(updated_at=at(3)), 30.0)


def test_nothing_is_shown_after_the_end() -> None:
    timeline = Timeline()
    done = job(state=JobState.COMPLETED, progress=100.0, updated_at=at(5))
    assert timeline.admit(done, 0.0)
    assert not timeline.admit(job(progress=99.0, updated_at=at(4)), 10.0)
    assert not timeline.admit(done, 20.0)


def test_progress_is_thinned_to_four_a_second() -> None:
    timeline = Timeline()
    shown = [
        tick for tick in range(100) if timeline.admit(job(progress=tick, updated_at=at(tick)), tick / 100)
    ]
    assert shown == [0, 25, 50, 75]


def test_jobs_are_thinned_each_for_itself() -> None:
    timeline = Timeline()
    assert timeline.admit(job(1, updated_at=at(1)), 0.0)
    assert timeline.admit(job(2, updated_at=at(1)), 0.01)


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED])
def test_ends_are_never_thinned(state: JobState) -> None:
    timeline = Timeline()
    assert timeline.admit(job(updated_at=at(1)), 0.0)
    assert timeline.admit(job(state=state, updated_at=at(2)), 0.001)


def test_a_reopened_job_is_shown_again() -> None:
    timeline = Timeline()
    assert timeline.admit(job(state=JobState.FAILED, updated_at=at(1)), 0.0)
    assert timeline.admit(job(updated_at=at(2)), 1.0)


def test_a_timeline_remembers_a_bounded_number_of_jobs() -> None:
    timeline = Timeline()
    for number in range(5_000):
        assert timeline.admit(job(number, updated_at=at(1)), 0.0)
    assert len(timeline._seen) <= 2_000
    assert not timeline.admit(job(4_999, updated_at=at(1)), 1.0)
