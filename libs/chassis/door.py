"""The door of a service with an API. Whoever comes under a name that is not ours is sent away, and so are
sockets of pages that may not call: browsers open one without asking, and only tell whose page it is, as its
`Origin`.

Litestar's `allowed_hosts` knows no addresses, no envelopes, and not what proxies say (docs/adr/0027-door.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from libs.chassis.health import ASGIApp, Receive, Scope, Send, respond
from libs.chassis.hosts import BadHostError, Host, Hosts, parse_host, plain
from libs.chassis.pages import Pages

log = logging.getLogger(__name__)

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Refusal:
    """Why somebody is sent away: an HTTP status, a code, words."""

    status: int
    code: str
    message: str


BAD_HOST = Refusal(400, "invalid_input", "The Host header of the request makes no sense.")
STRANGE_HOST = Refusal(
    421,
    "misdirected",
    "Nothing is served under this host name. Whoever runs this system can name it in REELBUS_ALLOWED_HOSTS.",
)
STRANGE_PAGE = Refusal(
    403,
    "forbidden",
    "Pages of this origin may open no socket. Whoever runs this system can name it in REELBUS_CORS_ORIGINS.",
)

Worded = Callable[[Scope, Refusal], Any]
"""The JSON body of a refusal."""


def detail(_: Scope, refusal: Refusal) -> Any:
    """For services without families of their own."""
    return {"detail": refusal.message}


class Door:
    """`app` for those who came to one of `hosts`. Sockets are for `pages`, for our own pages (of the host
    that the handshake came to, or of the public URL's), and for clients that are no pages and tell no
    origin; others get no handshake but a 403, whatever the reason, which is all that the server can say."""

    def __init__(self, app: ASGIApp, hosts: Hosts, pages: Pages, worded: Worded = detail) -> None:
        self._app = app
        self._hosts = hosts
        self._pages = pages
        self._worded = worded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            body = msgspec.json.encode(self._worded(scope, refusal))
            await respond(send, refusal.status, body, "application/json")
        else:
            log.info("socket refused", extra={"code": refusal.code, "reason": refusal.message})
            await receive()
            await send({"type": "websocket.close"})

    def _refusal(self, scope: Scope) -> Refusal | None:
        try:
            named = self._hosts.named(scope)
        except BadHostError:
            return BAD_HOST
        if not self._hosts.ours(named):
            return STRANGE_HOST
        if scope["type"] == "websocket" and not self._admits(scope, named):
            return STRANGE_PAGE
        return None

    def _admits(self, scope: Scope, named: Sequence[Host]) -> bool:
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        own = [*named, self._hosts.public] if self._hosts.public else named
        return all(self._pages.allowed(each) is not None or _is_of(each, own) for each in origins)


def _is_of(origin: str, hosts: Sequence[Host]) -> bool:
    """Whether one of `hosts` is that of `origin`. Schemes do not count: a proxy may have taken TLS away."""
    scheme, _, authority = origin.partition("://")
    host, usual = parse_host(authority), _PORTS.get(scheme)
    if host is None or usual is None:
        return False
    return any(
        plain(name) == plain(host[0]) and (port or usual) == (host[1] or usual) for name, port in hosts
    )
