"""Cross-origin requests (the Fetch standard), by family: which pages may call it, and what they may see."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from libs.chassis.health import ASGIApp, Receive, Scope, Send
from libs.chassis.pages import Pages
from services.edge.paths import ByPrefix

_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_EXPOSED = ", ".join(
    [
        "Accept-Ranges",
        "Content-Disposition",
        "Content-Length",
        "Content-Range",
        "ETag",
        "Location",
        "Preference-Applied",
        "Retry-After",
        "X-Request-ID",
    ]
)
_MAX_AGE = "600"
_HEADERS = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z, \t-]{0,4000}")

Headers = list[tuple[bytes, bytes]]


class Cors:
    """`app` with the headers that browsers ask for, by the family of the path. Preflights of pages that may
    call are answered here, whether there is a route or not; those of others as if there was no CORS."""

    def __init__(self, app: ASGIApp, families: ByPrefix[Pages]) -> None:
        self._app = app
        self._families = families

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        pages = self._families.of(scope["path"])
        asked = dict(scope["headers"])
        origin = asked.get(b"origin")
        allowed = pages.allowed(origin.decode("latin-1")) if origin is not None else None
        granted = _granted(pages, allowed)
        if allowed and scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            headers = [*granted, *_preflight(asked)]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        if allowed:
            granted.append((b"access-control-expose-headers", _EXPOSED.encode()))

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *granted]
            await send(message)

        await self._app(scope, receive, sending)


def _granted(pages: Pages, allowed: str | None) -> Headers:
    headers = [] if pages.all else [(b"vary", b"Origin")]
    if allowed:
        headers.append((b"access-control-allow-origin", allowed.encode("latin-1")))
        if pages.credentials:
            headers.append((b"access-control-allow-credentials", b"true"))
    return headers


def _preflight(asked: MutableMapping[bytes, bytes]) -> Headers:
    """Every method, and the very headers that are asked for: `*` would not cover `Authorization`."""
    headers = [
        (b"access-control-allow-methods", _METHODS.encode()),
        (b"access-control-max-age", _MAX_AGE.encode()),
        (b"vary", b"Access-Control-Request-Headers"),
    ]
    wanted = asked.get(b"access-control-request-headers", b"")
    if wanted and _HEADERS.fullmatch(wanted):
        headers.append((b"access-control-allow-headers", wanted))
    return headers
