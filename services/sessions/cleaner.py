"""The end of sessions: what is made of them stops, and everything that was stored for them is removed.

A session is marked as closed before that, so nothing new begins. What dies half-way is finished by the
sweep, as is what came late: a worker that was cancelled while it stored something.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.base import utcnow
from libs.contracts.errors import NotFoundError, ReelbusError
from libs.contracts.rpc import ABANDON_UPLOAD, AbandonUpload
from services.sessions.jobs import Jobs
from services.sessions.models import SessionRow
from services.sessions.naming import folder
from services.sessions.repository import Patience, Repository

log = logging.getLogger(__name__)

_PATIENCE = 8.0
"""Seconds that a caller waits for everything to be removed; later the sweep does it."""


class Cleaner:
    def __init__(
        self, repository: Repository, storage: Storage, jobs: Jobs, bus: Bus, patience: Patience
    ) -> None:
        self._repository = repository
        self._storage = storage
        self._jobs = jobs
        self._bus = bus
        self._patience = patience

    async def end(self, row: SessionRow) -> None:
        """Clean a session that was just closed, or leave it to the sweep when that fails."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._clean(row)
        except (ReelbusError, TimeoutError) as error:
            fields = {"session_id": str(row.session_id), "error": str(error)}
            log.warning("session stays for now", extra=fields)

    async def sweep(self) -> None:
        """Clean what is to be cleaned now. Replicas share the work. What fails leaves the rest to be done;
        the first failure is raised in the end."""
        failures: dict[UUID, Exception] = {}
        while row := await self._repository.take(self._patience):
            if row.session_id in failures:  # all that are left have had their turn
                break
            try:
                await self._sweep(row)
            except Exception as error:
                failures[row.session_id] = error
                fields = {"session_id": str(row.session_id), "error": str(error)}
                log.warning("session not swept", extra=fields)
        for failure in failures.values():
            raise failure

    async def _sweep(self, row: SessionRow) -> None:
        await self._clean(row)
        late = row.closed_at is not None and utcnow() - row.closed_at >= self._patience.tombstone
        if late:
            await self._repository.forget(row.session_id)
        fields = {"session_id": str(row.session_id), "forgotten": late}
        log.info("session swept", extra=fields)

    async def _clean(self, row: SessionRow) -> None:
        await self._jobs.cancel_all(row)
        for key in await self._repository.artifacts(row.session_id):
            with suppress(NotFoundError):
                await self._storage.delete(key)
        await self._storage.delete_prefix(f"{folder(row.session_id)}/")
        await self._bus.call(ABANDON_UPLOAD, AbandonUpload(asset_id=row.asset_id))
        await self._repository.cleaned(row.session_id)
