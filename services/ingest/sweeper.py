"""Removes uploads that will never be completed: abandoned ones whose storage was away, and those whose
edge died. Replicas may sweep at once; deleting twice is harmless."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from libs.contracts.errors import ReelbusError
from services.ingest.handlers import Handlers
from services.ingest.repository import Repository

log = logging.getLogger(__name__)


@asynccontextmanager
async def sweeping(
    repository: Repository, handlers: Handlers, *, interval: float, expiry: float
) -> AsyncIterator[None]:
    """Sweep every `interval` seconds while the block runs."""
    task = asyncio.create_task(_forever(repository, handlers, interval, timedelta(seconds=expiry)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _forever(repository: Repository, handlers: Handlers, interval: float, expiry: timedelta) -> None:
    while True:
        await asyncio.sleep(interval)
        try:
            for row in await repository.stale(expiry):
                await repository.abandon(row.asset_id)
                await handlers.clean(row)
                log.info("upload swept", extra={"asset_id": str(row.asset_id)})
        except ReelbusError as error:
            log.warning("sweep failed", extra={"error": str(error)})
