"""From a stranger's URL to an asset: an upload whose client is another server."""

from __future__ import annotations

import logging
from uuid import UUID

import anyio

from libs.chassis.fetch import Fetched, Fetcher
from libs.chassis.storage import Storage
from libs.chassis.telemetry import TRACER
from libs.contracts.errors import ReelbusError, UnavailableError
from libs.contracts.media import Asset
from libs.contracts.rpc import AbandonUpload, BeginUpload, CompleteUpload
from services.ingest.fitness import VIDEO, fit
from services.ingest.handlers import Handlers, new_upload
from services.ingest.repository import Repository

log = logging.getLogger(__name__)


class Fetching:
    """Stores what URLs lead to, `at_once` of them at the same time: each holds the memory of an upload.
    Sizes and times are bounded by the rules of `fetcher`, or of `plain`, which may ask without TLS."""

    def __init__(
        self,
        handlers: Handlers,
        repository: Repository,
        storage: Storage,
        fetcher: Fetcher,
        *,
        plain: Fetcher | None = None,
        at_once: int = 8,
    ) -> None:
        self._handlers = handlers
        self._repository = repository
        self._storage = storage
        self._fetcher = fetcher
        self._plain = plain or fetcher
        self._free = at_once

    async def fetch(
        self,
        url: str,
        owner: str,
        *,
        family: str,
        channel: str | None = None,
        kind: str | None = None,
        plain: bool = False,
    ) -> Asset:
        """The asset of what is behind `url`. Raises what the fetcher and `Handlers.complete` raise,
        `MediaError` when it is not of use as a `kind` (one of `KINDS`; `None`: whatever it is), and
        `UnavailableError` while too many others are under way. Whatever fails, or whoever cancels, nothing
        is left."""
        if not self._free:
            raise UnavailableError("Too many downloads at once; try again.")
        self._free -= 1
        try:
            with TRACER.start_as_current_span("fetch"):
                async with (self._plain if plain else self._fetcher).open(url) as fetched:
                    return await self._store(fetched, owner, family, channel, kind)
        finally:
            self._free += 1

    async def _store(
        self, fetched: Fetched, owner: str, family: str, channel: str | None, kind: str | None
    ) -> Asset:
        row = new_upload(BeginUpload(owner=owner, name=fetched.name, declared_type=fetched.content_type))
        max_size = self._fetcher.rules.max_size
        asset_id, key = row.asset_id, row.key
        try:
            await self._repository.begin(row)
            stored = await self._storage.put_stream(key, fetched.chunks, row.declared_type, max_size=max_size)
            request = CompleteUpload(
                asset_id=asset_id,
                size=stored.size,
                sha256=stored.sha256,
                family=family,
                channel=channel,
                require_video=kind == VIDEO,
            )
            return fit(await self._handlers.complete(request), kind)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._abandon(asset_id)
            raise

    async def _abandon(self, asset_id: UUID) -> None:
        try:
            await self._handlers.abandon(AbandonUpload(asset_id=asset_id))
        except ReelbusError as error:  # the sweeper will find it
            log.warning("download not abandoned", extra={"asset_id": str(asset_id), "error": str(error)})
