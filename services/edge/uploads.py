"""From a form's file part to an asset: streamed to storage, registered, or cleaned up."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from copy import copy
from uuid import UUID

import anyio
from prometheus_client import Gauge

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.chassis.telemetry import TRACER
from libs.contracts.errors import ReelbusError, TooLargeError, UnavailableError
from libs.contracts.media import PUBLIC_OWNER, Asset, ObjectRef
from libs.contracts.rpc import (
    ABANDON_UPLOAD,
    BEGIN_UPLOAD,
    COMPLETE_UPLOAD,
    AbandonUpload,
    BeginUpload,
    CompleteUpload,
    UploadTicket,
)
from services.edge.forms import Part

log = logging.getLogger(__name__)

UPLOADS_OPEN = Gauge("reelbus_uploads_open", "Uploads under way.")
UPLOADS_LIMIT = Gauge("reelbus_uploads_limit", "Uploads that this process takes at once, at most.")
_FORM_OVERHEAD = 1 << 20


class StoredUpload:
    """Bytes that are in storage and not an asset yet."""

    def __init__(self, bus: Bus, asset_id: UUID, stored: ObjectRef) -> None:
        self._bus = bus
        self.asset_id = asset_id
        self._stored = stored

    async def complete(
        self, *, family: str, channel: str | None = None, require_video: bool = False
    ) -> Asset:
        """Make the asset. Raises what ingest raises: `MediaError` for what is no video where one is
        required."""
        request = CompleteUpload(
            asset_id=self.asset_id,
            size=self._stored.size,
            sha256=self._stored.sha256,
            family=family,
            channel=channel,
            require_video=require_video,
        )
        asset: Asset = await self._bus.call(COMPLETE_UPLOAD, request)
        return asset


class _Slots:
    """So many uploads at once, of one user a quarter of them at most."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._share = max(1, count // 4)
        self._taken: Counter[str] = Counter()
        UPLOADS_LIMIT.set(count)

    @contextmanager
    def one(self, owner: str) -> Iterator[None]:
        full = self._taken.total() >= self._count
        if full or (owner != PUBLIC_OWNER and self._taken[owner] >= self._share):
            raise UnavailableError("Too many uploads at once; try again.")
        self._taken[owner] += 1
        UPLOADS_OPEN.inc()
        try:
            yield
        finally:
            UPLOADS_OPEN.dec()
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]


class Uploader:
    """Stores files of at most `max_size` bytes, of `max_uploads` requests at once."""

    def __init__(self, bus: Bus, storage: Storage, *, max_size: int, max_uploads: int) -> None:
        self._bus = bus
        self._storage = storage
        self._max_size = max_size
        self._slots = _Slots(max_uploads)

    def limited(self, max_size: int) -> Uploader:
        """An uploader of files of at most `max_size` bytes, which counts its uploads together with these."""
        other = copy(self)
        other._max_size = max_size
        return other

    @property
    def max_form(self) -> int:
        """Bytes of a request with an acceptable file at most."""
        return self._max_size + _FORM_OVERHEAD

    def check_length(self, declared: int | None) -> None:
        """Refuse a request of `declared` bytes that cannot hold an acceptable file, before reading it."""
        if declared is not None and declared > self.max_form:
            raise TooLargeError(f"The file is larger than the limit of {self._max_size} bytes.")

    @asynccontextmanager
    async def storing(self, part: Part, *, owner: str) -> AsyncIterator[StoredUpload]:
        """The part's bytes in storage. When the block (or the upload itself) fails, is cancelled or the
        client goes away, everything of it is removed again."""
        async with self.batch(owner=owner) as store:
            yield await store(part)

    @asynccontextmanager
    async def batch(self, *, owner: str) -> AsyncIterator[Callable[[Part], Awaitable[StoredUpload]]]:
        """As `storing`, for parts that are stored one after the other: all of them or none. Counts as one
        upload, since it holds the memory of one, from its first part on."""
        async with AsyncExitStack() as stack:
            first = True

            async def store(part: Part) -> StoredUpload:
                nonlocal first
                if first:
                    stack.enter_context(self._slots.one(owner))
                first = False
                return await stack.enter_async_context(self._storing(part, owner))

            yield store

    @asynccontextmanager
    async def _storing(self, part: Part, owner: str) -> AsyncIterator[StoredUpload]:
        begin = BeginUpload(owner=owner, name=part.filename or "", declared_type=part.content_type)
        ticket: UploadTicket = await self._bus.call(BEGIN_UPLOAD, begin)
        try:
            with TRACER.start_as_current_span("store upload") as span:
                stored = await self._storage.put_stream(
                    ticket.key, part.chunks, part.content_type, max_size=self._max_size
                )
                span.set_attribute("size", stored.size)
            yield StoredUpload(self._bus, ticket.asset_id, stored)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._abandon(ticket.asset_id)
            raise

    async def _abandon(self, asset_id: UUID) -> None:
        try:
            await self._bus.call(ABANDON_UPLOAD, AbandonUpload(asset_id=asset_id))
        except ReelbusError as error:  # ingest's sweeper will find it
            log.warning("upload not abandoned", extra={"asset_id": str(asset_id), "error": str(error)})
