"""`POST /prepare`: store the file of a form, open a session for it, wait for its preview."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import anyio

from libs.chassis.bus import Bus
from libs.contracts.errors import InvalidInputError, MediaError, ReelbusError, UnavailableError
from libs.contracts.sessions import (
    CLOSE_SESSION,
    OPEN_SESSION,
    CloseSession,
    MotionSession,
    OpenedSession,
    OpenSession,
)
from services.edge.contracts.motion_photo.ends import Ends, Receive, artifact_of
from services.edge.contracts.motion_photo.errors import UNSUPPORTED_FORMAT
from services.edge.contracts.motion_photo.schemas import FAMILY
from services.edge.file_field import file_of
from services.edge.forms import Part, parts
from services.edge.uploads import Uploader

log = logging.getLogger(__name__)

_OPEN_TRIES = 2


class Preparing:
    """Takes `time_limit` seconds at most, from the first byte of the form to the end of the preview."""

    def __init__(self, bus: Bus, uploader: Uploader, ends: Ends, *, time_limit: float) -> None:
        self._bus = bus
        self._uploader = uploader
        self._ends = ends
        self._time_limit = time_limit

    async def run(
        self,
        owner: str,
        body: AsyncIterator[bytes],
        content_type: str,
        length: int | None,
        receive: Receive,
    ) -> MotionSession:
        """A session whose preview is there. Raises `InvalidInputError` for a form without a video,
        `TooLargeError`, and as `Ends.ended` and `artifact_of`; nothing is left over then."""
        deadline = asyncio.get_running_loop().time() + self._time_limit
        self._uploader.check_length(length)
        with self._ends.place():
            form = parts(body, content_type, max_size=self._uploader.max_form)
            opened = await self._open(owner, form, deadline)
            try:
                left = deadline - asyncio.get_running_loop().time()
                artifact_of(await self._ends.ended(opened.job, max(left, 0.0), receive))
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await self._close(opened.session)
                raise
            return opened.session

    async def _open(self, owner: str, form: AsyncIterator[Part], deadline: float) -> OpenedSession:
        """The session for the form's file, which owns it from then on; until then it goes with the block."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline):
                    file = await file_of(form)
                    stored = await stack.enter_async_context(self._uploader.storing(file, owner=owner))
                    async for _ in form:
                        pass
            except TimeoutError as error:
                raise InvalidInputError(f"The file did not come within {self._time_limit:g} s.") from error
            try:
                asset = await stored.complete(family=FAMILY, require_video=True)
                return await self._session(OpenSession(owner=owner, asset_id=asset.asset_id))
            except MediaError as error:
                raise InvalidInputError(error.message, error_code=UNSUPPORTED_FORMAT) from error

    async def _session(self, request: OpenSession) -> OpenedSession:
        """Asks again where no answer came: a known asset is answered with the session that it has already."""
        left = _OPEN_TRIES
        while True:
            left -= 1
            try:
                opened: OpenedSession = await self._bus.call(OPEN_SESSION, request)
            except UnavailableError as error:
                if not left or error.details.get("service") != "sessions":
                    raise
            else:
                return opened

    async def _close(self, session: MotionSession) -> None:
        try:
            await self._bus.call(
                CLOSE_SESSION, CloseSession(session_id=session.session_id, owner=session.owner)
            )
        except ReelbusError as error:  # it may be closed already; else it expires
            extra = {"session_id": str(session.session_id), "error": error.message}
            log.warning("session not closed", extra=extra)
