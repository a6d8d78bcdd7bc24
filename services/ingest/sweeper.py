"""Removes uploads that will never be completed: abandoned ones whose storage was away, and those whose
edge died. Replicas may sweep at once; deleting twice is harmless."""

from __future__ import annotations

import logging
from datetime import timedelta

from services.ingest.handlers import Handlers
from services.ingest.repository import Repository

log = logging.getLogger(__name__)


class Sweeper:
    """`expiry` is how long (seconds) an upload may be under way."""

    def __init__(self, repository: Repository, handlers: Handlers, *, expiry: float) -> None:
        self._repository = repository
        self._handlers = handlers
        self._expiry = timedelta(seconds=expiry)

    async def sweep(self) -> None:
        """One round over what is stale now."""
        for row in await self._repository.stale(self._expiry):
            await self._repository.abandon(row.asset_id)
            await self._handlers.clean(row)
            log.info("upload swept", extra={"asset_id": str(row.asset_id)})
