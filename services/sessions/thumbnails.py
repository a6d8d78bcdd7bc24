"""Frames of a session's video, taken in the call that asks for them: a few at a time, a few waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from libs.chassis.storage import Storage
from libs.contracts.errors import ReelbusError, TaskTimeoutError, UnavailableError
from libs.contracts.media import ObjectRef
from libs.media.still import take_still
from libs.media.tools import Tools
from services.sessions.models import SessionRow
from services.sessions.repository import video_of
from services.sessions.shelf import Shelf

SIZE = (1280, 1280)
_QUALITY = 3
_URL_GRACE = 60.0


class Slots:
    """Room for `lanes` at once; `waiting` more wait for it, others are turned away."""

    def __init__(self, lanes: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(lanes)
        self._room = waiting

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Raises `UnavailableError`."""
        if self._free.locked() and not self._room:
            raise UnavailableError("Too many thumbnails are being taken; try again in a moment.")
        self._room -= 1
        try:
            await self._free.acquire()
        finally:
            self._room += 1
        try:
            yield
        finally:
            self._free.release()


class Thumbnails:
    """`time_limit` is seconds, waiting included; files are made in `scratch`."""

    def __init__(
        self,
        tools: Tools,
        storage: Storage,
        shelf: Shelf,
        slots: Slots,
        *,
        scratch: Path,
        time_limit: float,
    ) -> None:
        self._tools = tools
        self._storage = storage
        self._shelf = shelf
        self._slots = slots
        self._scratch = scratch
        self._time_limit = time_limit

    async def take(self, row: SessionRow, timestamp: float) -> ObjectRef:
        """The frame at `timestamp`, stored. Raises `MediaError`, `TaskTimeoutError`, `UnavailableError`, and
        `NotFoundError` when the session is closed meanwhile."""
        begun = False
        try:
            async with asyncio.timeout(self._time_limit):
                if known := await self._shelf.known_thumbnail(row.session_id, timestamp):
                    return known
                async with self._slots.taken():
                    begun = True
                    return await self._take(row, timestamp)
        except ReelbusError:
            await self._shelf.check(row.session_id)  # without its session the video is not there to be read
            raise
        except TimeoutError as error:
            if begun:
                raise TaskTimeoutError(f"This took longer than {self._time_limit:g} s.") from error
            raise UnavailableError("Too many thumbnails are being taken; try again in a moment.") from error

    async def _take(self, row: SessionRow, timestamp: float) -> ObjectRef:
        source, info = video_of(row)
        url = await self._storage.presign(source.key, ttl=self._time_limit + _URL_GRACE)
        with TemporaryDirectory(dir=self._scratch) as folder:
            path = Path(folder) / "thumbnail.jpg"
            await take_still(
                self._tools,
                url,
                info,
                timestamp,
                path,
                within=SIZE,
                quality=_QUALITY,
                cwd=path.parent,
                time_limit=self._time_limit,
            )
            return await self._shelf.thumbnail(row.session_id, timestamp, path)
