"""Calls that ingest answers: `ingest.begin_upload`, `complete_upload`, `abandon_upload`, `get_asset`.

Publishes `media.ingested` when an upload became an asset.
"""

from __future__ import annotations

import asyncio
import logging
import time

from uuid_utils.compat import uuid7

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.base import utcnow
from libs.contracts.errors import MediaError, NotFoundError, TaskTimeoutError, UnavailableError
from libs.contracts.media import Asset, MediaInfo, ObjectRef
from libs.contracts.rpc import (
    ABANDON_UPLOAD,
    BEGIN_UPLOAD,
    COMPLETE_UPLOAD,
    GET_ASSET,
    AbandonUpload,
    BeginUpload,
    CompleteUpload,
    Done,
    GetAsset,
    UploadTicket,
)
from libs.media.probe import check_decodes, probe
from libs.media.runner import Tools
from services.ingest.models import UploadRow
from services.ingest.naming import display_name, upload_key
from services.ingest.repository import Repository

log = logging.getLogger(__name__)

_PROBES = 4
"""Probes at once: each may take gigabytes from a file that lies."""


def new_upload(request: BeginUpload) -> UploadRow:
    """The row of an upload that begins now."""
    asset_id = uuid7()
    name = display_name(request.name)
    return UploadRow(
        asset_id=asset_id,
        owner=request.owner,
        name=name,
        declared_type=request.declared_type[:200],
        key=upload_key(asset_id, name),
        begun_at=utcnow(),
    )


class Handlers:
    def __init__(
        self, repository: Repository, storage: Storage, tools: Tools, probe_time_limit: float
    ) -> None:
        self._repository = repository
        self._storage = storage
        self._tools = tools
        self._probe_time_limit = probe_time_limit
        self._probes = asyncio.Semaphore(_PROBES)

    def register(self, bus: Bus) -> None:
        bus.serve(BEGIN_UPLOAD, self.begin)
        bus.serve(COMPLETE_UPLOAD, self.complete)
        bus.serve(ABANDON_UPLOAD, self.abandon)
        bus.serve(GET_ASSET, self.get)

    async def begin(self, request: BeginUpload) -> UploadTicket:
        row = new_upload(request)
        ticket = UploadTicket(asset_id=row.asset_id, key=row.key)
        await self._repository.begin(row)
        return ticket

    async def complete(self, request: CompleteUpload) -> Asset:
        row = await self._repository.upload(request.asset_id)
        info, problem = await self._probe(row.key, request.size, request.require_video)
        if problem is not None and request.require_video:
            raise MediaError(problem)
        asset = Asset(
            asset_id=row.asset_id,
            owner=row.owner,
            name=row.name,
            declared_type=row.declared_type,
            object=ObjectRef(
                key=row.key, size=request.size, sha256=request.sha256, content_type=row.declared_type
            ),
            created_at=utcnow(),
            info=info,
            probe_error=problem,
        )
        await self._repository.complete(asset, family=request.family, channel=request.channel)
        return asset

    async def _probe(self, key: str, size: int, decode: bool) -> tuple[MediaInfo | None, str | None]:
        """What is in the object, or why nothing is; with `decode` a picture must come out of it."""
        if size == 0:
            return None, "The file is empty."
        try:
            async with self._probes:
                limit, begun = self._probe_time_limit, time.monotonic()
                url = await self._storage.presign(key, ttl=limit + 30)
                probed = await probe(url, self._tools, size=size, time_limit=limit)
                if decode:
                    left = max(limit - (time.monotonic() - begun), 1.0)
                    await check_decodes(url, probed.info, self._tools, time_limit=left)
        except MediaError as error:
            return None, error.message
        except TaskTimeoutError:
            return None, "This file takes too long to read."
        return probed.info, None

    async def abandon(self, request: AbandonUpload) -> Done:
        row = await self._repository.abandon(request.asset_id)
        if row is not None:
            await self.clean(row)
        return Done()

    async def clean(self, row: UploadRow) -> None:
        """Remove an abandoned upload; while storage is away the row stays for the sweeper."""
        try:
            await self._storage.delete(row.key)
        except NotFoundError:
            pass
        except UnavailableError as error:
            log.warning("abandoned upload stays for now", extra={"key": row.key, "error": str(error)})
            return
        await self._repository.forget(row.asset_id)

    async def get(self, request: GetAsset) -> Asset:
        return await self._repository.asset(request.asset_id, request.owner)
