"""The edge takes a bounded number of uploads at once: each holds memory for as long as its client likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import pytest

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.errors import UnavailableError
from libs.contracts.media import ObjectRef
from libs.contracts.rpc import UploadTicket
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
