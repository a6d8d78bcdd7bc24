"""What is done with every request of the family, whether there is a route for it or not."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from prometheus_client import Counter

from libs.chassis.health import ASGIApp, Receive, Scope, Send
from services.edge.contracts.videocraft.errors import PREFIXES
from services.edge.contracts.videocraft.request_ids import HEADER, request_id_of
from services.edge.paths import ByPrefix

REQUESTS = Counter("videocraft_api_requests_total", "Total API requests", ["method", "status"])

_OURS: ByPrefix[bool] = ByPrefix(default=False, prefixes=dict.fromkeys(PREFIXES, True))


class Observing:
    """`app`, whose answers to requests of the family carry their ids and are counted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_ours(scope):
            await self._app(scope, receive, send)
            return
        name = (HEADER.lower().encode(), request_id_of(scope).encode())

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), name]
                REQUESTS.labels(scope["method"], str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, sending)


def _is_ours(scope: Scope) -> bool:
    """`HEAD /health` is of another family."""
    return _OURS.of(scope["path"]) and not (scope["method"] == "HEAD" and scope["path"] == "/health")
