"""Uploads against two S3 servers: true sizes and hashes, and nothing left of what failed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from libs.chassis.multipart_upload import PART
from libs.chassis.storage import CHUNK, Storage
from libs.contracts.errors import MediaError, TooLargeError, UnavailableError
from reelbus.stack.setup import ensure_bucket
from tests.chassis.buses import until
from tests.chassis.servers import KEY, S3, SECRET

pytestmark = pytest.mark.anyio
ROOM = 64 * PART
BLOCK = os.urandom(1 << 20)


@pytest.fixture
def storage(s3: S3) -> Iterator[Storage]:
    settings = s3.settings("media")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, "media")
    storage = Storage(settings)
    yield storage
    storage.close()


@pytest.fixture
def key() -> str:
    return f"tests/{uuid4()}/clip.mp4"


async def stream(size: int, chunk: int = 300_000) -> AsyncIterator[bytes]:
    """`size` bytes, the same ones each time."""
    for start in range(0, size, chunk):
        length = min(chunk, size - start)
        yield (BLOCK * (1 + length // len(BLOCK)))[:length]


async def content(size: int) -> bytes:
    return b"".join([chunk async for chunk in stream(size)])


async def check_nothing(storage: Storage, key: str) -> None:
    assert await storage.keys(key) == []
    assert await storage.unfinished_uploads(key) == 0


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART, 3 * PART])
async def test_any_size_arrives_whole(storage: Storage, key: str, size: int) -> None:
    stored = await storage.put_stream(key, stream(size), "video/mp4", max_size=ROOM)
    expected = await content(size)
    assert (stored.key, stored.size, stored.sha256) == (key, size, hashlib.sha256(expected).hexdigest())
    assert b"".join([chunk async for chunk in storage.get(key)]) == expected
    stat = await storage.stat(key)
    assert (stat.size, stat.content_type) == (size, "video/mp4")
    assert await storage.unfinished_uploads(key) == 0


async def test_the_largest_allowed_is_allowed(storage: Storage, key: str) -> None:
    assert (await storage.put_stream(key, stream(1000), "video/mp4", max_size=1000)).size == 1000


@pytest.mark.parametrize("limit", [999, PART, 2 * PART + 5])
async def test_too_large_leaves_nothing(storage: Storage, key: str, limit: int) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += CHUNK
            yield BLOCK[:CHUNK]

    with pytest.raises(TooLargeError):
        await storage.put_stream(key, endless(), "video/mp4", max_size=limit)
    assert sent <= limit + CHUNK
    await check_nothing(storage, key)


@pytest.mark.parametrize("size", [0, 1000, 2 * PART + 5])
async def test_a_source_that_fails_leaves_nothing(storage: Storage, key: str, size: int) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for chunk in stream(size):
            yield chunk
        raise MediaError("The client went away.")

    with pytest.raises(MediaError, match="went away"):
        await storage.put_stream(key, broken(), "video/mp4", max_size=ROOM)
    await check_nothing(storage, key)


@pytest.mark.parametrize("size", [0, 1000, 2 * PART + 5])
async def test_a_cancelled_upload_leaves_nothing(storage: Storage, key: str, size: int) -> None:
    waiting = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        async for chunk in stream(size):
            yield chunk
        waiting.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(storage.put_stream(key, stalling(), "video/mp4", max_size=ROOM))
    await waiting.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await check_nothing(storage, key)


async def test_an_upload_cancelled_at_once_leaves_nothing(storage: Storage, key: str) -> None:
    for _ in range(3):
        putting = asyncio.create_task(storage.put_stream(key, stream(PART), "video/mp4", max_size=ROOM))
        await asyncio.sleep(0)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
    await check_nothing(storage, key)


@pytest.mark.parametrize("size", [0, 1000, PART, 2 * PART + 5])
async def test_a_file_is_stored(storage: Storage, key: str, tmp_path: Path, size: int) -> None:
    expected = await content(size)
    (tmp_path / "clip").write_bytes(expected)
    stored = await storage.put_file(key, tmp_path / "clip", "video/mp4")
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(expected).hexdigest())
    await storage.get_file(key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == expected


async def test_a_cancelled_file_leaves_nothing(storage: Storage, key: str, tmp_path: Path) -> None:
    with (tmp_path / "clip").open("wb") as file:
        file.truncate(40 * PART)
    putting = asyncio.create_task(storage.put_file(key, tmp_path / "clip", "video/mp4"))
    await until(lambda: storage.unfinished_uploads(key))
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await check_nothing(storage, key)


async def test_uploads_replace_each_other_whole(storage: Storage, key: str) -> None:
    await storage.put_stream(key, stream(PART + 1), "video/mp4", max_size=ROOM)
    await storage.put_stream(key, stream(10), "text/plain", max_size=ROOM)
    assert await storage.get_bytes(key, max_size=100) == await content(10)


async def test_a_server_that_dies_is_unavailable_and_what_it_had_can_be_cleaned(
    s3: S3, storage: Storage, key: str
) -> None:
    more = asyncio.Event()

    async def interrupted() -> AsyncIterator[bytes]:
        async for chunk in stream(3 * PART):
            yield chunk
        await more.wait()
        async for chunk in stream(8 * PART):
            yield chunk

    putting = asyncio.create_task(storage.put_stream(key, interrupted(), "video/mp4", max_size=ROOM))
    await until(lambda: storage.unfinished_uploads(key))
    s3.kill()
    try:
        more.set()
        async with asyncio.timeout(30):
            with pytest.raises(UnavailableError):
                await putting
        with pytest.raises(UnavailableError):
            await storage.check()
    finally:
        await s3.start_again()
    await storage.check()
    await storage.delete(key)
    await check_nothing(storage, key)


async def test_a_large_stream_needs_little_memory(juicefs: S3, key: str) -> None:
    size = 256 << 20
    settings = juicefs.settings("media")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, "media")
    storage = Storage(settings)

    async def source() -> AsyncIterator[bytes]:
        for _ in range(size // CHUNK):
            yield bytes(CHUNK)

    tracemalloc.start()
    try:
        stored = await storage.put_stream(key, source(), "video/mp4", max_size=size)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        await storage.delete(key)
        storage.close()
    assert stored.size == size
    assert peak < 12 * PART
