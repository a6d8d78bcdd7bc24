"""What ingest removes when jobs says so, from real storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from libs.chassis.storage import Storage
from libs.contracts.errors import InvalidInputError
from libs.contracts.rpc import BeginUpload, CompleteUpload, DiscardArtifacts
from libs.media.tools import Tools
from reelbus.stack.setup import ensure_bucket
from services.ingest.artifacts import Artifacts
from services.ingest.handlers import Handlers
from services.ingest.repository import Repository
from tests.chassis.databases import opened
from tests.chassis.servers import KEY, SECRET, Juicefs

pytestmark = pytest.mark.anyio
MINE, OTHER = "ab" * 32, "cd" * 32


class Ingest:
    def __init__(self, storage: Storage, repository: Repository, folder: Path) -> None:
        self.storage = storage
        self.handlers = Handlers(repository, storage, Tools(), 20.0)
        self.artifacts = Artifacts(repository, storage, self.handlers)
        self._path = folder / "file"
        self._path.write_bytes(b"content")

    async def put(self, *keys: str) -> None:
        for key in keys:
            await self.storage.put_file(key, self._path, "video/mp4")

    async def asset(self, owner: str) -> UUID:
        begin = BeginUpload(owner=owner, name="a.mp4", declared_type="video/mp4")
        ticket = await self.handlers.begin(begin)
        await self.put(ticket.key)
        complete = CompleteUpload(asset_id=ticket.asset_id, size=7, sha256="ab" * 32, family="jobs")
        await self.handlers.complete(complete)
        return ticket.asset_id

    async def discard(self, fingerprint: str = MINE, keys: list[str] | None = None, *assets: UUID) -> None:
        request = DiscardArtifacts(
            fingerprint=fingerprint, owner="alice", keys=keys or [], asset_ids=list(assets)
        )
        await self.artifacts.discard(request)

    async def keys(self) -> list[str]:
        return await self.storage.keys("")


@pytest.fixture
async def ingest(database_url: str, juicefs: Juicefs, tmp_path: Path) -> AsyncIterator[Ingest]:
    settings = juicefs.settings(f"artifacts-{uuid4().hex[:8]}")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, settings.s3_bucket)
    storage = Storage(settings)
    try:
        async with opened(database_url) as database:
            yield Ingest(storage, Repository(database), tmp_path)
    finally:
        storage.close()


async def test_all_of_a_fingerprint_goes_and_nothing_else(ingest: Ingest) -> None:
    kept = [f"results/{OTHER}/a.mp4", f"results/{MINE}0/a.mp4", f"sessions/1/{OTHER}/b.jpg"]
    own = f"sessions/1/{MINE}/b.jpg"
    await ingest.put(f"results/{MINE}/a.mp4", f"results/{MINE}/b.json", own, *kept)
    await ingest.discard(MINE, [own])
    assert await ingest.keys() == sorted(kept)
    await ingest.discard(MINE, [own])  # nothing there is fine too


@pytest.mark.parametrize("fingerprint", ["", "ab", "..", "AB" * 32, f"{MINE}/"])
async def test_what_is_no_fingerprint_removes_nothing(ingest: Ingest, fingerprint: str) -> None:
    await ingest.put(f"results/{MINE}/a.mp4")
    with pytest.raises(InvalidInputError):
        await ingest.discard(fingerprint)
    assert len(await ingest.keys()) == 1


@pytest.mark.parametrize("key", ["uploads/1/a.mp4", f"results/{OTHER}/a.mp4", MINE, f"uploads/1/{MINE}"])
async def test_keys_of_others_remove_nothing(ingest: Ingest, key: str) -> None:
    await ingest.put(f"results/{MINE}/a.mp4", key)
    with pytest.raises(InvalidInputError):
        await ingest.discard(MINE, [key])
    assert len(await ingest.keys()) == 2


async def test_assets_of_the_owner_go_and_no_others(ingest: Ingest) -> None:
    mine, theirs = await ingest.asset("alice"), await ingest.asset("bob")
    await ingest.discard(MINE, None, mine, theirs, UUID(int=404))
    assert [str(theirs) in key for key in await ingest.keys()] == [True]
    await ingest.discard(MINE, None, mine)
