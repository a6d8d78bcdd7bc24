"""`/ws/{id}`: with credentials the jobs channel of the user of that id, else the enhancement channel of the
client of that id."""

from __future__ import annotations

import logging
from functools import partial

from litestar import websocket
from litestar.handlers.websocket_handlers import WebsocketRouteHandler
from litestar.params import FromPath

from libs.contracts.access import Authenticate
from services.notify.conversation import Conversation, close
from services.notify.entrance import (
    POLICY_VIOLATION,
    Entrance,
    RefusedError,
    Socket,
    credentials_of,
    subprotocol_of,
)
from services.notify.families import enhancement, jobs
from services.notify.hub import Hub
from services.notify.ledger import Ledger
from services.notify.mailbox import Letter
from services.notify.past import Past

log = logging.getLogger(__name__)

_MAX_CLIENT_ID = 200


def socket_route(
    hub: Hub, ledger: Ledger, past: Past, entrance: Entrance, *, ping: float
) -> WebsocketRouteHandler:
    """The route; `ping` is seconds between two PINGs on the jobs channel."""

    async def of_client(socket: Socket, client_id: str) -> None:
        if len(client_id) > _MAX_CLIENT_ID:
            raise RefusedError(POLICY_VIOLATION, "client id too long")
        with hub.listening(enhancement, client_id) as listener:
            listener.mailbox.put(Letter(enhancement.connection(client_id)))
            await Conversation(socket, listener, ledger, past, ping=ping).run()

    async def of_user(socket: Socket, user_id: str, credentials: Authenticate) -> None:
        check = partial(entrance.check, credentials, user_id)
        await check()
        with hub.listening(jobs, jobs.channel_of(user_id)) as listener:
            await Conversation(socket, listener, ledger, past, ping=ping, check=check).run()

    @websocket("/ws/{client_id:str}")
    async def ws(socket: Socket, client_id: FromPath[str]) -> None:
        """A socket is accepted before it is refused: browsers see no other close codes."""
        await socket.accept(subprotocols=subprotocol_of(socket))
        try:
            credentials = credentials_of(socket)
            if credentials is None:
                await of_client(socket, client_id)
            else:
                await of_user(socket, client_id, credentials)
        except RefusedError as error:
            log.info("socket refused", extra={"code": error.code, "reason": error.reason})
            await close(socket, error.code, error.reason)

    return ws
