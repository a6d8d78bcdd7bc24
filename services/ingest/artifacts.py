"""Removes what attempts at tasks stored and nobody wants: answers `ingest.discard_artifacts`."""

from __future__ import annotations

import logging
import re
from uuid import UUID

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.rpc import DISCARD_ARTIFACTS, AbandonUpload, DiscardArtifacts, Done
from libs.contracts.tasks import RESULTS
from services.ingest.handlers import Handlers
from services.ingest.repository import Repository

log = logging.getLogger(__name__)

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class Artifacts:
    def __init__(self, repository: Repository, storage: Storage, uploads: Handlers) -> None:
        self._repository = repository
        self._storage = storage
        self._uploads = uploads

    def register(self, bus: Bus) -> None:
        bus.serve(DISCARD_ARTIFACTS, self.discard)

    async def discard(self, request: DiscardArtifacts) -> Done:
        """Raises `InvalidInputError` for what cannot have been stored for the fingerprint."""
        fingerprint = request.fingerprint
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise InvalidInputError("This is no fingerprint.")
        if any(fingerprint not in key.split("/")[:-1] for key in request.keys):
            raise InvalidInputError("These artifacts are not of this fingerprint.")
        removed = await self._storage.delete_prefix(f"{RESULTS}/{fingerprint}/")
        for key in request.keys:  # ends unfinished uploads to it, too
            await self._storage.delete(key)
        for asset_id in request.asset_ids:
            await self._abandon(asset_id, request.owner)
        log.info("artifacts discarded", extra={"fingerprint": fingerprint, "objects": removed})
        return Done()

    async def _abandon(self, asset_id: UUID, owner: str) -> None:
        try:
            await self._repository.asset(asset_id, owner)
        except NotFoundError:
            return
        await self._uploads.abandon(AbandonUpload(asset_id=asset_id))
