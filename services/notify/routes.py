"""`/ws/{id}`: with credentials the jobs channel of the user of that id, else the enhancement channel of the
client of that id, which `?channel=enhancement` opens with credentials too."""

from __future__ import annotations

import logging
from functools import partial

import msgspec
from litestar import websocket
from litestar.handlers.websocket_handlers import WebsocketRouteHandler
from litestar.params import FromPath

from libs.chassis.links import Links
from libs.contracts.access import Authenticate
from libs.contracts.errors import InvalidInputError
from services.notify.conversation import Check, Conversation, close
from services.notify.entrance import (
    POLICY_VIOLATION,
    TRY_AGAIN_LATER,
    Entrance,
    RefusedError,
    Socket,
    credentials_of,
    subprotocol_of,
    unauthorized,
)
from services.notify.families import enhancement, jobs
from services.notify.hub import CrowdedError, Hub
from services.notify.ledger import Ledger
from services.notify.mailbox import Letter
from services.notify.past import Past
from services.notify.settings import NotifySettings

log = logging.getLogger(__name__)

_MAX_CLIENT_ID = 200
_CHANNEL = "channel"
"""The query parameter that names a family's channel."""


def socket_route(
    hub: Hub, ledger: Ledger, past: Past, entrance: Entrance, settings: NotifySettings
) -> WebsocketRouteHandler:
    """The route over these parts."""
    proxies = settings.proxies()
    links = Links(settings.public_url, proxies)
    opened = enhancement.FAMILY in settings.open_families

    async def admitted(socket: Socket, credentials: Authenticate, user_id: str | None) -> Check:
        """Let in, once; what is to be asked again later, of which no refusals are counted."""
        await entrance.check(msgspec.structs.replace(credentials, client=proxies.client(socket)), user_id)
        return partial(entrance.check, credentials, user_id)

    async def of_client(socket: Socket, client_id: str, check: Check | None) -> None:
        if len(client_id) > _MAX_CLIENT_ID:
            raise RefusedError(POLICY_VIOLATION, "client id too long")
        with hub.listening(enhancement, client_id) as listener:
            listener.mailbox.put(Letter(enhancement.connection(client_id)))
            await Conversation(socket, listener, ledger, past, ping=settings.ws_ping, check=check).run()

    async def of_user(socket: Socket, user_id: str, check: Check) -> None:
        try:
            base_url = links.base(socket)
        except InvalidInputError as error:
            raise RefusedError(POLICY_VIOLATION, error.message) from error
        with hub.listening(jobs, jobs.channel_of(user_id), base_url) as listener:
            await Conversation(socket, listener, ledger, past, ping=settings.ws_ping, check=check).run()

    async def converse(socket: Socket, name: str) -> None:
        credentials = credentials_of(socket)
        if credentials is None:
            if not opened:
                raise unauthorized()
            await of_client(socket, name, None)
        elif socket.query_params.get(_CHANNEL) == enhancement.FAMILY:
            await of_client(socket, name, await admitted(socket, credentials, None))
        else:
            await of_user(socket, name, await admitted(socket, credentials, name))

    @websocket("/ws/{client_id:str}")
    async def ws(socket: Socket, client_id: FromPath[str]) -> None:
        """A socket is accepted before it is refused: browsers see no other close codes."""
        await socket.accept(subprotocols=subprotocol_of(socket))
        try:
            await converse(socket, client_id)
        except CrowdedError:
            log.warning("too many sockets")
            await close(socket, TRY_AGAIN_LATER, "Too many sockets")
        except RefusedError as error:
            log.info("socket refused", extra={"code": error.code, "reason": error.reason})
            await close(socket, error.code, error.reason)

    return ws
