"""Assets from URLs: what becomes of them, and that nothing is left of those that fail."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from libs.chassis.multipart_upload import PART
from libs.chassis.storage import Storage
from libs.contracts.errors import InvalidInputError, MediaError, ReelbusError, TooLargeError, UnavailableError
from libs.contracts.media import Asset, MediaIngested
from libs.contracts.rpc import AbandonUpload, CompleteUpload, Done
from libs.media.runner import Tools
from reelbus.stack.setup import ensure_bucket
from services.ingest.fetching import Fetching
from services.ingest.handlers import Handlers
from services.ingest.models import UploadRow
from services.ingest.repository import Repository
from tests.chassis.databases import execute, opened
from tests.chassis.hostile import Server, Stays, answer, fetcher, redirect
from tests.chassis.servers import KEY, SECRET, Juicefs

pytestmark = pytest.mark.anyio
ENDLESS = Stays(answer(b"x" * 2 * PART, "Content-Type: video/mp4"))


class Pausing(Repository):
    """Can stop where a row was just written."""

    reached: asyncio.Event | None = None

    async def begin(self, row: UploadRow) -> None:
        await super().begin(row)
        if self.reached is not None:
            self.reached.set()
            await asyncio.Event().wait()


class Hands(Handlers):
    """Can stop where an asset was just made, and lose its database when something is abandoned."""

    reached: asyncio.Event | None = None
    lost = False

    async def complete(self, request: CompleteUpload) -> Asset:
        asset = await super().complete(request)
        if self.reached is not None:
            self.reached.set()
            await asyncio.Event().wait()
        return asset

    async def abandon(self, request: AbandonUpload) -> Done:
        if self.lost:
            raise UnavailableError("The database does not answer.")
        return await super().abandon(request)


@dataclass
class Ingest:
    """One with a server that it may fetch from."""

    server: Server
    storage: Storage
    repository: Pausing
    handlers: Hands
    fetching: Fetching
    database_url: str

    def fetch(self, path: str = "/a", *, video: bool = False) -> asyncio.Task[Asset]:
        url = f"http://127.0.0.1:{self.server.port}{path}"
        wanted = self.fetching.fetch(
            url, "alice", family="jobs", channel="alice", kind="video" if video else None
        )
        return asyncio.create_task(wanted)

    async def rows(self, table: str) -> int:
        return len(await execute(self.database_url, f"SELECT * FROM ingest.{table}"))

    async def check_nothing(self) -> None:
        assert await self.rows("uploads") == 0
        assert await self.rows("assets") == 0
        assert await self.storage.keys("uploads/") == []


@pytest.fixture
async def ingest(database_url: str, juicefs: Juicefs) -> AsyncIterator[Ingest]:
    settings = juicefs.settings(f"fetching-{uuid4().hex[:8]}")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, settings.s3_bucket)
    storage = Storage(settings)
    try:
        async with opened(database_url) as database, Server({"/a": ENDLESS}).running() as server:
            repository = Pausing(database)
            handlers = Hands(repository, storage, Tools(), 30.0)
            get = fetcher(server, max_size=3 * PART)
            fetching = Fetching(handlers, repository, storage, get, at_once=2)
            yield Ingest(server, storage, repository, handlers, fetching, database_url)
    finally:
        storage.close()


async def test_a_clip_becomes_an_asset(ingest: Ingest, clip: Path) -> None:
    data = clip.read_bytes()
    named = 'Content-Disposition: attachment; filename="../my clip.mp4"'
    ingest.server.answers["/a"] = answer(data, "Content-Type: video/mp4", named)
    asset = await ingest.fetch(video=True)
    assert (asset.owner, asset.name, asset.declared_type) == ("alice", "my clip.mp4", "video/mp4")
    assert asset.info is not None
    assert asset.info.video is not None
    assert asset.object.sha256 == hashlib.sha256(data).hexdigest()
    assert await ingest.storage.get_bytes(asset.object.key, max_size=len(data)) == data
    assert await ingest.repository.asset(asset.asset_id, "alice") == asset
    assert await ingest.rows("uploads") == 0
    (row,) = await execute(ingest.database_url, "SELECT payload FROM ingest.outbox")
    told = msgspec.json.decode(row["payload"], type=MediaIngested)
    assert (told.asset, told.family, told.channel) == (asset, "jobs", "alice")


async def test_what_is_no_video_is_an_asset_where_none_is_required(ingest: Ingest) -> None:
    ingest.server.answers["/text.txt"] = answer(b"text", "Content-Type: text/plain")
    asset = await ingest.fetch("/text.txt")
    assert (asset.name, asset.info, asset.object.size) == ("text.txt", None, 4)
    with pytest.raises(MediaError):
        await ingest.fetch("/text.txt", video=True)
    assert await ingest.storage.keys("uploads/") == [asset.object.key]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer(b"x" * (PART + 1), f"Content-Length: {PART + 2}"), UnavailableError),
        (Stays(answer(b"", "X: 1"), b"x" * PART), TooLargeError),
        (answer(status="404 Not Found"), InvalidInputError),
        (redirect("http://169.254.169.254/"), InvalidInputError),
        (answer(b"text"), MediaError),
    ],
)
async def test_nothing_is_left_of_a_failure(
    ingest: Ingest, given: bytes | Stays, error: type[ReelbusError]
) -> None:
    ingest.server.answers["/a"] = given
    with pytest.raises(error):
        await ingest.fetch(video=True)
    await ingest.check_nothing()


async def cancelled(task: asyncio.Task[Asset]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_is_left_of_what_is_cancelled_on_its_way(ingest: Ingest) -> None:
    task = ingest.fetch()
    while not await execute(ingest.database_url, "SELECT key FROM ingest.uploads"):
        await asyncio.sleep(0.02)
    (row,) = await execute(ingest.database_url, "SELECT key FROM ingest.uploads")
    while not await ingest.storage.unfinished_uploads(row["key"]):
        await asyncio.sleep(0.02)
    await cancelled(task)
    await ingest.check_nothing()
    assert await ingest.storage.unfinished_uploads(row["key"]) == 0


async def test_nothing_is_left_of_what_is_cancelled_at_its_beginning(ingest: Ingest) -> None:
    ingest.repository.reached = asyncio.Event()
    task = ingest.fetch()
    await ingest.repository.reached.wait()
    assert await ingest.rows("uploads") == 1
    await cancelled(task)
    await ingest.check_nothing()


async def test_nothing_is_left_of_what_is_cancelled_at_its_end(ingest: Ingest, clip: Path) -> None:
    ingest.server.answers["/a"] = answer(clip.read_bytes())
    ingest.handlers.reached = asyncio.Event()
    task = ingest.fetch()
    await ingest.handlers.reached.wait()
    assert await ingest.rows("assets") == 1
    await cancelled(task)
    await ingest.check_nothing()


async def test_what_cannot_be_abandoned_now_stays_for_the_sweeper(ingest: Ingest) -> None:
    ingest.server.answers["/a"] = answer(b"text")
    ingest.handlers.lost = True
    with pytest.raises(MediaError):
        await ingest.fetch(video=True)
    assert await ingest.rows("uploads") == 1


async def test_so_many_at_once(ingest: Ingest) -> None:
    first, second = ingest.fetch(), ingest.fetch()
    while await ingest.rows("uploads") < 2:
        await asyncio.sleep(0.02)
    with pytest.raises(UnavailableError, match="Too many"):
        await ingest.fetch()
    await cancelled(first)
    ingest.server.answers["/a"] = answer(b"text")
    assert await ingest.fetch()
    await cancelled(second)
