"""Where the things that are made for a session are stored, as long as it is open."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

from libs.chassis.storage import Storage
from libs.chassis.worker import TaskContext
from libs.contracts.errors import NotFoundError
from libs.contracts.media import ObjectRef
from services.sessions.jobs import Jobs
from services.sessions.naming import folder, thumbnail_key
from services.sessions.repository import Repository

_MAX_THUMBNAIL = 16 << 20
"""Bytes; those that `Thumbnails` takes are far smaller."""


class Shelf:
    """Raises `NotFoundError`, and leaves nothing, when the session is closed before or meanwhile."""

    def __init__(self, repository: Repository, storage: Storage, jobs: Jobs) -> None:
        self._repository = repository
        self._storage = storage
        self._jobs = jobs

    async def artifact(
        self, session_id: UUID, context: TaskContext, path: Path, name: str, content_type: str
    ) -> ObjectRef:
        """Store what a task has made. Its key is noted first: whatever dies, it will be found. Without its
        session a job is cancelled, not failed, whoever notices first."""
        where = folder(session_id)
        try:
            await self._repository.note(session_id, context.artifact_key(name, where))
            return await self._kept(session_id, await context.artifact(path, name, content_type, where))
        except NotFoundError:
            await self._jobs.cancel(context.task.job_id, context.task.owner)
            raise

    async def thumbnail(self, session_id: UUID, timestamp: float, path: Path) -> ObjectRef:
        key = thumbnail_key(session_id, timestamp)
        return await self._kept(session_id, await self._storage.put_file(key, path, "image/jpeg"))

    async def known_thumbnail(self, session_id: UUID, timestamp: float) -> ObjectRef | None:
        """One that was stored before."""
        key = thumbnail_key(session_id, timestamp)
        try:
            data = await self._storage.get_bytes(key, max_size=_MAX_THUMBNAIL)
        except NotFoundError:
            return None
        sha256 = hashlib.sha256(data).hexdigest()
        found = ObjectRef(key=key, size=len(data), sha256=sha256, content_type="image/jpeg")
        return await self._kept(session_id, found)

    async def check(self, session_id: UUID) -> None:
        await self._repository.get(session_id, None)

    async def _kept(self, session_id: UUID, stored: ObjectRef) -> ObjectRef:
        try:
            await self.check(session_id)
        except NotFoundError:
            await self._storage.delete(stored.key)
            raise
        return stored
