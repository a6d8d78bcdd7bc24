"""Tasks whose message is gone wait again, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from libs.contracts.base import utcnow
from services.jobs.dispatch import Dispatcher
from services.jobs.recovery import Recovery
from tests.chassis.databases import Jobs, execute, opened
from tests.chassis.test_dispatch import claim, complete

pytestmark = pytest.mark.anyio
SERVICE = "transcode"


@pytest.fixture
async def jobs(database_url: str) -> AsyncIterator[Jobs]:
    async with opened(database_url) as database:
        yield Jobs(database)


async def recover(jobs: Jobs, made: datetime) -> int:
    """How often somebody was told of a recovery from a stream made then."""
    told: list[int] = []

    async def stream_made() -> datetime:
        return made

    await Recovery(jobs.repository, stream_made, on_recovered=lambda: told.append(1)).step()
    return len(told)


async def states(jobs: Jobs) -> Counter[str]:
    return Counter(task.state for task in await jobs.tasks())


async def out(jobs: Jobs) -> Dispatcher:
    """Two tasks released, one running, one completed, two waiting; all messages have left the outbox."""
    await jobs.submit(6)
    dispatcher = Dispatcher(jobs.repository, window=4, cap=64, interval=0.01)
    await dispatcher.round(SERVICE)
    await claim(jobs, 2)
    await complete(jobs, 1)
    await execute(jobs.database.url, "DELETE FROM jobs.outbox")
    return dispatcher


async def test_what_the_stream_may_still_have_stays_out(jobs: Jobs) -> None:
    await out(jobs)
    before = await states(jobs)
    assert await recover(jobs, utcnow() - timedelta(hours=1)) == 0
    assert await states(jobs) == before


async def test_what_a_new_stream_cannot_have_goes_out_again(jobs: Jobs) -> None:
    dispatcher = await out(jobs)
    made = utcnow()
    assert await recover(jobs, made) == 1
    assert await states(jobs) == {"waiting": 5, "completed": 1}
    assert await dispatcher.round(SERVICE) == 4
    assert len(await jobs.released()) == 4
    assert await recover(jobs, made) == 0
    assert (await states(jobs))["released"] == 4


async def test_what_is_still_to_be_sent_is_not_lost(jobs: Jobs) -> None:
    await jobs.submit(2)
    await Dispatcher(jobs.repository, window=4, cap=64, interval=0.01).round(SERVICE)
    assert await recover(jobs, utcnow() + timedelta(hours=1)) == 0
    assert await states(jobs) == {"released": 2}
