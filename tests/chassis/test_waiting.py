"""How many tasks may wait: submissions that say so are refused beyond that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.errors import UnavailableError
from libs.contracts.jobs import EnhanceSpec, MotionPhotoSpec, PreviewSpec
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import MotionPhotoResult, Task
from services.jobs.dispatch import Dispatcher
from services.jobs.results import remember_result
from tests.chassis.databases import Jobs, execute, opened
from tests.unit.samples import SHA

pytestmark = pytest.mark.anyio
SESSION = UUID(int=1)
PREVIEW = partial(PreviewSpec, session_id=SESSION)
PHOTO = partial(
    MotionPhotoSpec,
    session_id=SESSION,
    range_start=0.0,
    range_end=1.0,
    cover_time=0.5,
    speed=1.0,
    device="google",
)
MADE = MotionPhotoResult(
    artifact=ObjectRef(key=f"sessions/{SESSION}/x/photo.MP.jpg", size=2, sha256=SHA),
    width=320,
    height=240,
    video_size=1,
)


@pytest.fixture
async def jobs(database_url: str) -> AsyncIterator[Jobs]:
    async with opened(database_url, pool=16) as database:
        yield Jobs(database)


async def submit(jobs: Jobs, most: int | None = 3, count: int = 1, **options: Any) -> list[UUID]:
    request = jobs.request(count, **({"kind": PREVIEW} | options))
    return await jobs.send(msgspec.structs.replace(request, max_waiting=most))


async def release(jobs: Jobs, service: str = "sessions") -> int:
    limits = {"sessions": 2}
    it = Dispatcher(jobs.repository, window=9, cap=9, interval=1, limits=limits)
    return await it.round(service)


async def test_one_too_many_is_refused_and_leaves_nothing(jobs: Jobs) -> None:
    for _ in range(3):
        await submit(jobs)
    with pytest.raises(UnavailableError, match="waiting"):
        await submit(jobs)
    assert len(await jobs.tasks()) == 3
    assert len(await jobs.outbox()) == 3


async def test_what_is_out_does_not_wait(jobs: Jobs) -> None:
    for _ in range(3):
        await submit(jobs)
    assert await release(jobs) == 2
    await submit(jobs)
    await submit(jobs)
    with pytest.raises(UnavailableError):
        await submit(jobs)


async def test_blocked_tasks_wait_too(jobs: Jobs, database_url: str) -> None:
    for _ in range(3):
        await submit(jobs)
    await execute(database_url, "UPDATE jobs.tasks SET state = 'blocked'")
    with pytest.raises(UnavailableError):
        await submit(jobs)


async def test_who_does_not_ask_and_who_needs_others_is_let_in(jobs: Jobs) -> None:
    for _ in range(3):
        await submit(jobs)
    await submit(jobs, most=None)
    await submit(jobs, kind=EnhanceSpec)
    assert len(await jobs.tasks("waiting")) == 5


async def test_submissions_at_once_fill_the_room_exactly(jobs: Jobs) -> None:
    answers = await asyncio.gather(*(submit(jobs, 5) for _ in range(20)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, UnavailableError)]
    assert (len(answers) - len(refused), len(refused)) == (5, 15)
    assert len(await jobs.tasks("waiting")) == 5


async def test_all_of_a_request_or_none(jobs: Jobs) -> None:
    await submit(jobs)
    with pytest.raises(UnavailableError):
        await submit(jobs, count=3)
    assert len(await jobs.tasks()) == 1
    await submit(jobs, count=2)
    assert len(await jobs.tasks()) == 3


async def test_a_known_key_is_answered_however_many_wait(jobs: Jobs) -> None:
    request = msgspec.structs.replace(jobs.request(1, kind=PREVIEW), max_waiting=1)
    first = await jobs.send(request)
    assert await jobs.send(request) == first


async def test_the_same_motion_photo_again_is_answered_at_once_however_many_wait(jobs: Jobs) -> None:
    (first,) = await submit(jobs, kind=PHOTO, content=1)
    task = await jobs.task_of(first)
    async with jobs.repository.transaction() as session:
        await remember_result(session, task.fingerprint, MADE)
    (second,) = await submit(jobs, most=1, kind=PHOTO, content=1)
    job = (await jobs.repository.jobs("public", [f"k{len(await jobs.tasks())}"]))[0]
    assert (job.job_id, job.state.value, job.result) == (second, "completed", MADE)
    with pytest.raises(UnavailableError):
        await submit(jobs, most=1, kind=partial(PHOTO, speed=2.0), content=1)


async def test_a_request_may_limit_the_time_of_its_tasks(jobs: Jobs) -> None:
    await jobs.send(msgspec.structs.replace(jobs.request(1, kind=PREVIEW), time_limit=7.5))
    await jobs.send(jobs.request(1, kind=PREVIEW))
    limits = [msgspec.convert(row.payload, Task).time_limit for row in await jobs.tasks()]
    assert limits == [7.5, 60.0]
