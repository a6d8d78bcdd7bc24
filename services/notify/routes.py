"""`/ws/{client_id}`: one socket of the enhancement channel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers.websocket_handlers import WebsocketRouteHandler

from libs.contracts.errors import ReelbusError
from libs.contracts.jobs import Job
from services.notify.families import enhancement
from services.notify.hub import SENT, Hub, Listener
from services.notify.ledger import Ledger
from services.notify.mailbox import Letter, SlowReaderError

log = logging.getLogger(__name__)

_MAX_CLIENT_ID = 200
_MAX_ECHO = 1000
_TRY_AGAIN_LATER = 1013
_POLICY_VIOLATION = 1008

ChannelJobs = Callable[[str], Awaitable[list[Job]]]


def socket_route(hub: Hub, ledger: Ledger, channel_jobs: ChannelJobs) -> WebsocketRouteHandler:
    """The route; `channel_jobs` answers what a channel may still have to hear of."""

    @websocket("/ws/{client_id:str}")
    async def ws(socket: WebSocket[Any, Any, Any], client_id: str) -> None:
        await socket.accept()
        if len(client_id) > _MAX_CLIENT_ID:
            await socket.close(code=_POLICY_VIOLATION, reason="client id too long")
            return
        with hub.listening(client_id) as listener:
            listener.mailbox.put(Letter(enhancement.connection(client_id)))
            await _talk(socket, listener, ledger, channel_jobs)

    return ws


async def _talk(
    socket: WebSocket[Any, Any, Any], listener: Listener, ledger: Ledger, channel_jobs: ChannelJobs
) -> None:
    """Write what the listener gets and answer what the client says, until either side ends."""
    works = [
        asyncio.create_task(_write(socket, listener, ledger)),
        asyncio.create_task(_read(socket, listener)),
        asyncio.create_task(_catch_up(listener, ledger, channel_jobs)),
    ]
    try:
        await asyncio.wait(works[:2], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for work in works:
            work.cancel()
        with anyio.CancelScope(shield=True):
            results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, SlowReaderError):
            await socket.close(code=_TRY_AGAIN_LATER, reason="reading too slowly")
        elif isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            log.warning("socket failed", extra={"channel": listener.channel, "error": repr(result)})


async def _write(socket: WebSocket[Any, Any, Any], listener: Listener, ledger: Ledger) -> None:
    while True:
        letter = await listener.mailbox.get()
        await socket.send_text(msgspec.json.encode(letter.body).decode())
        SENT.labels(letter.body["type"]).inc()
        if letter.ends is not None:
            await ledger.mark(letter.ends)


async def _read(socket: WebSocket[Any, Any, Any], listener: Listener) -> None:
    while True:
        message = cast("dict[str, Any]", await socket.receive())
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            text = f"{len(message.get('bytes') or b'')} bytes"
        listener.mailbox.put_echo(Letter(enhancement.received(text[:_MAX_ECHO])))


async def _catch_up(listener: Listener, ledger: Ledger, channel_jobs: ChannelJobs) -> None:
    """Tell a client that comes (back) the state of its unfinished files, and ends that it missed."""
    try:
        jobs = await channel_jobs(listener.channel)
    except ReelbusError as error:
        log.warning("no state for a new socket", extra={"channel": listener.channel, "error": str(error)})
        return
    for job in jobs:
        if not job.state.terminal or not await ledger.delivered(job.job_id):
            listener.show(job)
