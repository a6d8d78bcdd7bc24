"""Uploads that are cancelled while storage is being asked: nothing arrives there after they have ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from libs.chassis.multipart_upload import PART
from libs.chassis.storage import Storage
from reelbus.stack.setup import ensure_bucket
from tests.chassis.servers import KEY, S3, SECRET
from tests.holding import Holding, Matches, beginning, completing, storing, storing_a_part

pytestmark = pytest.mark.anyio
ROOM = 8 * PART


@pytest.fixture
def held(s3: S3) -> Iterator[Holding]:
    holding = Holding(s3.settings("media").s3_endpoint)
    yield holding
    holding.close()


@pytest.fixture
def storage(s3: S3, held: Holding) -> Iterator[Storage]:
    """Behind `held`."""
    settings = s3.settings("media")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, "media")
    storage = Storage(settings.model_copy(update={"s3_endpoint": held.url}))
    yield storage
    storage.close()


async def stream(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, PART):
        yield bytes(min(size, PART))


@pytest.mark.parametrize("answer", [False, True], ids=["request", "answer"])
@pytest.mark.parametrize("matches", [storing, beginning, storing_a_part, completing])
async def test_an_upload_ends_after_what_it_asked(
    storage: Storage, held: Holding, matches: Matches, answer: bool
) -> None:
    """Whoever removes what a cancelled upload left can do so when it has ended."""
    key, size = f"tests/{uuid4()}/clip.mp4", 1000 if matches is storing else 2 * PART
    with held.holding(matches, answer=answer) as hold:
        putting = asyncio.create_task(storage.put_stream(key, stream(size), "video/mp4", max_size=ROOM))
        await asyncio.to_thread(hold.wait)
        putting.cancel()
        releasing = asyncio.get_running_loop().call_later(0.3, hold.let_go)
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert hold.passed.is_set()
        releasing.cancel()
    assert await storage.unfinished_uploads(key) == 0
    if matches not in (storing, completing):
        assert await storage.keys(key) == []
    await storage.delete(key)
    assert await storage.keys(key) == []
