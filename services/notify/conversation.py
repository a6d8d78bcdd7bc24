"""What is said on one socket, until either side ends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

import anyio
import msgspec
from litestar.exceptions import WebSocketDisconnect

from services.notify.entrance import TRY_AGAIN_LATER, RefusedError, Socket
from services.notify.hub import SENT, Listener
from services.notify.ledger import Ledger
from services.notify.mailbox import Letter, SlowReaderError
from services.notify.past import Past

log = logging.getLogger(__name__)

_GONE = (WebSocketDisconnect, OSError)

Check = Callable[[], Awaitable[None]]
"""Raises `RefusedError` when the client may not listen any longer."""


class Conversation:
    """Writes what a listener gets and answers what the client says. With `check` the client is checked again
    every `ping` seconds, and sent a PING where the family has one."""

    def __init__(
        self,
        socket: Socket,
        listener: Listener,
        ledger: Ledger,
        past: Past,
        *,
        ping: float,
        check: Check | None = None,
    ) -> None:
        self._socket = socket
        self._listener = listener
        self._ledger = ledger
        self._past = past
        self._ping = ping
        self._check = check

    async def run(self) -> None:
        """Until either side ends."""
        works = [asyncio.create_task(work) for work in (self._write(), self._read(), self._tend())]
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for work in works:
                work.cancel()
            with anyio.CancelScope(shield=True):
                results = await asyncio.gather(*works, return_exceptions=True)
        for result in results:
            await self._end(result)

    async def _end(self, result: BaseException | None) -> None:
        if isinstance(result, SlowReaderError):
            await close(self._socket, TRY_AGAIN_LATER, "reading too slowly")
        elif isinstance(result, RefusedError):
            await close(self._socket, result.code, result.reason)
        elif isinstance(result, Exception) and not isinstance(result, _GONE):
            log.warning("socket failed", extra={"channel": self._listener.channel, "error": repr(result)})

    async def _write(self) -> None:
        while True:
            letter = await self._listener.mailbox.get()
            await self._socket.send_text(msgspec.json.encode(letter.body).decode())
            SENT.labels(letter.body["type"]).inc()
            if letter.ends is not None:
                await self._ledger.mark(letter.ends)

    async def _read(self) -> None:
        while True:
            message = cast("dict[str, Any]", await self._socket.receive())
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(detail="the client is gone")
            text = message.get("text")
            answer = self._listener.family.answer(message.get("bytes") or b"" if text is None else text)
            if answer is not None:
                self._listener.mailbox.put_echo(Letter(answer))

    async def _tend(self) -> None:
        """Tell the past, then look after who must be let in."""
        told = await self._past.tell(self._listener)
        if self._check is None:
            return
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += self._ping
            await asyncio.sleep(due - loop.time())
            if (ping := self._listener.family.ping()) is not None:
                self._listener.mailbox.put_echo(Letter(ping))
            await self._check_again(self._check)
            told = told or await self._past.tell(self._listener)

    async def _check_again(self, check: Check) -> None:
        """Who was let in stays while nobody can say whether he still may."""
        try:
            await check()
        except RefusedError as error:
            if error.code != TRY_AGAIN_LATER:
                raise


async def close(socket: Socket, code: int, reason: str) -> None:
    """Close a socket, whose client may be gone already."""
    with suppress(*_GONE):
        await socket.close(code=code, reason=reason)
