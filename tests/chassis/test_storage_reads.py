"""Reading, copying and deleting objects on two S3 servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from libs.chassis.multipart_upload import PART
from libs.chassis.storage import CHUNK, Storage
from libs.contracts.errors import NotFoundError, ReelbusError, UnavailableError
from tests.chassis.servers import S3
from tests.chassis.test_storage_uploads import ROOM, content, key, storage, stream

pytestmark = pytest.mark.anyio
__all__ = ["key", "storage"]
SIZE = 3 * CHUNK + 7


async def put(storage: Storage, key: str, size: int = SIZE) -> bytes:
    await storage.put_stream(key, stream(size), "video/mp4", max_size=ROOM)
    return await content(size)


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 1), (0, SIZE), (5, CHUNK), (CHUNK - 1, 2), (SIZE - 1, 1), (SIZE - 3, 0), (10, 0)],
)
async def test_parts_are_read(storage: Storage, key: str, offset: int, length: int) -> None:
    whole = await put(storage, key)
    found = b"".join([chunk async for chunk in storage.get(key, offset, length)])
    assert found == whole[offset : offset + length if length else SIZE]


async def test_chunks_are_small(storage: Storage, key: str) -> None:
    await put(storage, key)
    sizes = [len(chunk) async for chunk in storage.get(key)]
    assert max(sizes) <= CHUNK
    assert sum(sizes) == SIZE


async def test_what_is_missing_is_not_found(storage: Storage, key: str) -> None:
    with pytest.raises(NotFoundError):
        _ = [chunk async for chunk in storage.get(key)]
    with pytest.raises(NotFoundError):
        await storage.stat(key)
    with pytest.raises(NotFoundError):
        await storage.get_bytes(key, max_size=10)
    with pytest.raises(NotFoundError):
        await storage.copy(key, key + ".copy")


async def test_a_bucket_that_is_missing_is_told(s3: S3) -> None:
    storage = Storage(s3.settings("nowhere"))
    with pytest.raises(UnavailableError, match="nowhere"):
        await storage.check()
    storage.close()


async def test_small_objects_are_read_whole_and_large_ones_refused(storage: Storage, key: str) -> None:
    whole = await put(storage, key)
    assert await storage.get_bytes(key, max_size=SIZE) == whole
    with pytest.raises(ReelbusError, match="too large"):
        await storage.get_bytes(key, max_size=SIZE - 1)


async def test_a_slow_reader_gets_everything_and_blocks_nobody(storage: Storage, key: str) -> None:
    whole = await put(storage, key, 2 * PART)
    readers = [storage.get(key) for _ in range(20)]  # more than there are threads
    first = [await anext(reader) for reader in readers]
    assert await storage.stat(key)
    rest = [b"".join([chunk async for chunk in reader]) for reader in readers[:2]]
    assert first[0] + rest[0] == first[1] + rest[1] == whole
    for reader in readers[2:]:
        await reader.aclose()  # type: ignore[attr-defined]  # a generator
    assert await storage.get_bytes(key, max_size=ROOM) == whole


async def test_slow_uploads_block_nobody(storage: Storage, key: str) -> None:
    """Clients on a telephone, more of them than there are threads."""
    await put(storage, key)
    go, begun = asyncio.Event(), asyncio.Barrier(21)

    async def slow() -> AsyncIterator[bytes]:
        await begun.wait()
        yield b"begin"
        await go.wait()
        yield b"end"

    keys = [f"{key}.{number}" for number in range(20)]
    putting = [asyncio.create_task(storage.put_stream(k, slow(), "video/mp4", max_size=ROOM)) for k in keys]
    await begun.wait()
    try:
        async with asyncio.timeout(5):
            assert (await storage.stat(key)).size == SIZE
    finally:
        go.set()
        stored = await asyncio.gather(*putting)
    assert [each.size for each in stored] == [8] * 20


async def test_a_presigned_url_is_read_in_ranges_by_anybody(storage: Storage, key: str) -> None:
    whole = await put(storage, key)
    url = await storage.presign(key)
    async with httpx.AsyncClient() as client:
        assert (await client.get(url)).content == whole
        part = await client.get(url, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{SIZE}"
        assert (await client.get(url.replace("Signature=", "Signature=0"))).status_code == 403
        assert (await client.get(url.partition("?")[0])).status_code == 403


async def test_a_copy(storage: Storage, key: str) -> None:
    whole = await put(storage, key)
    await storage.copy(key, key + ".copy")
    assert await storage.get_bytes(key + ".copy", max_size=SIZE) == whole
    assert (await storage.stat(key + ".copy")).content_type == "video/mp4"


async def test_deleting_twice_is_fine(storage: Storage, key: str) -> None:
    await put(storage, key, 10)
    await storage.delete(key)
    await storage.delete(key)
    assert await storage.keys(key) == []


async def test_a_prefix_is_deleted_and_its_neighbours_stay(storage: Storage, key: str) -> None:
    names = [f"{key}.d/a", f"{key}.d/b/c", f"{key}.d/ü ä+&?.txt", f"{key}.dx"]
    for name in names:
        await put(storage, name, 3)
    assert await storage.keys(f"{key}.d") == sorted(names)
    assert await storage.delete_prefix(f"{key}.d/") == 3
    assert await storage.keys(f"{key}.d") == [f"{key}.dx"]
    assert await storage.delete_prefix(f"{key}.d/") == 0
