"""Presigned objects as files (`libs.media.cut.ranged`), on two S3 servers."""

from __future__ import annotations

import asyncio

import pytest

from libs.chassis.storage import Storage
from libs.contracts.errors import ConflictError, NotFoundError, UnavailableError
from libs.media.cut.ranged import BLOCK, Input, open_input
from tests.chassis.test_storage_reads import put
from tests.chassis.test_storage_uploads import key, storage

pytestmark = pytest.mark.anyio
__all__ = ["key", "storage"]
SIZE = 5 * BLOCK + 7
IMPATIENT = 0.05


async def opened(storage: Storage, key: str) -> Input:
    url = await storage.presign(key)
    return await asyncio.to_thread(open_input, url, patience=IMPATIENT)


def part(source: Input, start: int, size: int) -> bytes:
    source.file.seek(start)
    return source.file.read(size) or b""


@pytest.mark.parametrize("size", [0, 1, BLOCK, SIZE])
async def test_it_reads_as_it_was_stored(storage: Storage, key: str, size: int) -> None:
    whole = await put(storage, key, size)
    with await opened(storage, key) as source:
        for start in (SIZE - 3, 0, 3 * BLOCK - 1, BLOCK):
            assert part(source, start, 1000) == whole[start : start + 1000]
        assert (source.size, part(source, 0, size + 1)) == (size, whole)
        assert source.bytes_read == size


async def test_what_is_missing_is_not_found(storage: Storage, key: str) -> None:
    with pytest.raises(NotFoundError):
        await opened(storage, key)


async def test_what_may_not_be_read_is_unavailable(storage: Storage, key: str) -> None:
    await put(storage, key)
    url = (await storage.presign(key)).replace("Signature=", "Signature=0")
    with pytest.raises(UnavailableError):
        await asyncio.to_thread(open_input, url)


async def test_another_object_in_its_place_is_an_error(storage: Storage, key: str) -> None:
    await put(storage, key, SIZE)
    with await opened(storage, key) as source:
        await put(storage, key, SIZE + 1)
        with pytest.raises(ConflictError):
            part(source, 4 * BLOCK, 10)


async def test_what_is_deleted_meanwhile_is_not_found(storage: Storage, key: str) -> None:
    await put(storage, key, SIZE)
    with await opened(storage, key) as source:
        await storage.delete(key)
        with pytest.raises(NotFoundError):
            part(source, 4 * BLOCK, 10)
