"""The edge takes a bounded number of uploads at once: each holds memory for as long as its client likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, cast
from uuid import UUID

import pytest

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.errors import TooLargeError, UnavailableError
from libs.contracts.media import ObjectRef
from libs.contracts.rpc import ABANDON_UPLOAD, BEGIN_UPLOAD, AbandonUpload, Done, UploadTicket
from services.edge.forms import Part
from services.edge.uploads import Uploader

pytestmark = pytest.mark.anyio
ASSET = UUID(int=1)


class Ticketing:
    """Answers every call as ingest answers the first of an upload."""

    async def call(self, *_: Any) -> UploadTicket:
        return UploadTicket(asset_id=ASSET, key="uploads/1/a.mp4")


class Taking:
    """Stores at once."""

    async def put_stream(self, key: str, *_: Any, **__: Any) -> ObjectRef:
        return ObjectRef(key=key, size=0, sha256="")


async def nothing() -> AsyncIterator[bytes]:
    yield b""


async def test_one_user_does_not_take_all_places() -> None:
    uploader = Uploader(cast("Bus", Ticketing()), cast("Storage", Taking()), max_size=9, max_uploads=8)
    part = Part("file", "a.mp4", "video/mp4", nothing())
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(uploader.storing(part, owner="user:ann"))
        with pytest.raises(UnavailableError, match="Too many uploads"):
            await uploader.storing(part, owner="user:ann").__aenter__()
        await stack.enter_async_context(uploader.storing(part, owner="user:bob"))
        for _ in range(5):
            await stack.enter_async_context(uploader.storing(part, owner="public"))
        with pytest.raises(UnavailableError, match="Too many uploads"):
            await uploader.storing(part, owner="user:bob").__aenter__()
    async with uploader.storing(part, owner="user:ann") as stored:
        assert stored.asset_id == ASSET


async def test_one_upload_too_many_is_sent_away_and_may_come_back() -> None:
    uploader = Uploader(cast("Bus", Ticketing()), cast("Storage", Taking()), max_size=9, max_uploads=1)
    part = Part("file", "a.mp4", "video/mp4", nothing())
    leave = asyncio.Event()
    inside = asyncio.Event()

    async def stay() -> None:
        async with uploader.storing(part, owner="public"):
            inside.set()
            await leave.wait()

    staying = asyncio.create_task(stay())
    await inside.wait()
    with pytest.raises(UnavailableError, match="Too many uploads"):
        await uploader.storing(part, owner="public").__aenter__()
    leave.set()
    await staying
    async with uploader.storing(part, owner="public") as stored:
        assert stored.asset_id == ASSET


class Counting:
    """Gives out tickets, and hears of what is abandoned."""

    def __init__(self) -> None:
        self.begun: list[UUID] = []
        self.abandoned: list[UUID] = []

    async def call(self, method: Any, request: Any) -> Any:
        if method is BEGIN_UPLOAD:
            self.begun.append(UUID(int=len(self.begun) + 1))
            return UploadTicket(asset_id=self.begun[-1], key=f"uploads/{len(self.begun)}/a.mp4")
        assert method is ABANDON_UPLOAD
        assert isinstance(request, AbandonUpload)
        self.abandoned.append(request.asset_id)
        return Done()


def batches(bus: Counting) -> Uploader:
    return Uploader(cast("Bus", bus), cast("Storage", Taking()), max_size=9, max_uploads=1)


async def test_a_batch_counts_as_one_upload() -> None:
    bus = Counting()
    uploader = batches(bus)
    part = Part("file", "a.mp4", "video/mp4", nothing())
    async with uploader.batch(owner="public") as store:
        stored = [await store(part) for _ in range(3)]
    assert [each.asset_id for each in stored] == bus.begun
    assert bus.abandoned == []
    async with uploader.storing(part, owner="public"):  # and gives its place back
        pass


@pytest.mark.parametrize("error", [TooLargeError("Too large."), asyncio.CancelledError()])
async def test_a_batch_that_fails_leaves_none_of_its_files(error: BaseException) -> None:
    bus = Counting()
    part = Part("file", "a.mp4", "video/mp4", nothing())

    async def fail() -> None:
        async with batches(bus).batch(owner="public") as store:
            for _ in range(3):
                await store(part)
            raise error

    with pytest.raises(type(error)):
        await fail()
    assert sorted(bus.abandoned) == bus.begun
