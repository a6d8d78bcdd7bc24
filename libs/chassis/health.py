"""`/live`, `/ready`, `/serving` and `/metrics`, and the ASGI shell that answers them in front of a service's
own app."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from libs.chassis.telemetry import registry

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Check = Callable[[], Awaitable[None]]

_CHECK_TIMEOUT = 3.0
_CACHE_SECONDS = 0.5
READY = Gauge("reelbus_ready", "1 while `/ready` is 200, else 0.")
DEPENDENCY = Gauge("reelbus_dependency_up", "1 when the dependency answers, else 0.", ["dependency"])
_PATHS = ("/live", "/ready", "/serving", "/metrics")
NO_APP = "The service is starting or stopping; try again."


class Health:
    """What a service needs in order to work.

    A check is an awaitable that raises when its dependency does not answer. `/ready` runs all of them at
    once (at most every half second) and is 503 while any fails, before start-up is done, and from the
    first moment of a shutdown. `/live` says only that the event loop turns; `/serving`, that requests are
    taken and will be for a while: what a gateway asks that would rather have an error of ours than none.
    """

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._figures: list[Check] = []
        self._leaving: list[Callable[[], object]] = []
        self._started = False
        self._stopping = False
        self.given_up = asyncio.Event()
        self._last: tuple[float, dict[str, str]] = (-1.0, {})
        self._lock = asyncio.Lock()

    def require(self, name: str, check: Check) -> None:
        self._checks[name] = check

    def measure(self, figures: Check) -> None:
        """Have `figures` awaited before the metrics are told, so that they are those of now."""
        self._figures.append(figures)

    def started(self) -> None:
        self._started = True

    def give_up(self, reason: str) -> None:
        """Have the process end with an error: something that it needs does not come back to it."""
        log.critical("service gives up", extra={"reason": reason})
        self.given_up.set()

    def on_stopping(self, told: Callable[[], object]) -> None:
        """Have `told` called in the first moment of a shutdown."""
        self._leaving.append(told)

    def stopping(self) -> None:
        self._stopping = True
        for told in self._leaving:
            told()

    @property
    def leaving(self) -> bool:
        """Whether a shutdown has begun."""
        return self._stopping

    @property
    def serving(self) -> bool:
        return self._started and not self._stopping

    async def report(self) -> tuple[bool, dict[str, str]]:
        """Whether ready, and what each dependency says (`ok` or the reason)."""
        if self._stopping:
            return False, {"service": "stopping"}
        if not self._started:
            return False, {"service": "starting"}
        async with self._lock:
            if time.monotonic() - self._last[0] > _CACHE_SECONDS:
                names = list(self._checks)
                results = await asyncio.gather(*(self._run(name) for name in names))
                self._last = (time.monotonic(), dict(zip(names, results, strict=True)))
        report = self._last[1]
        return all(state == "ok" for state in report.values()), report

    async def metrics(self) -> bytes:
        """For Prometheus, in `CONTENT_TYPE_LATEST`."""
        await asyncio.gather(self._tell_ready(), *map(_measured, self._figures))
        return generate_latest(registry())

    async def _tell_ready(self) -> None:
        ready, report = await self.report()
        READY.set(ready)
        for name in self._checks.keys() & report.keys():
            DEPENDENCY.labels(name).set(report[name] == "ok")

    async def _run(self, name: str) -> str:
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT):
                await self._checks[name]()
        except TimeoutError:
            return "no answer"
        except Exception as error:  # a check may fail in any way; that is its answer
            return str(error) or type(error).__name__
        return "ok"


async def _measured(figures: Check) -> None:
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT):
            await figures()
    except Exception as error:  # the other metrics are told all the same
        log.warning("figures not measured", extra={"error": str(error) or type(error).__name__})


async def respond(send: Send, status: int, body: bytes, content_type: str, **headers: str) -> None:
    """Send one complete HTTP response."""
    pairs = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


Absent = Callable[[Scope], Any]
"""The JSON body of the 503 to a request that comes while a service has no app."""


def no_app(_: Scope) -> Any:
    """For services without families of their own."""
    return {"detail": NO_APP}


class Shell:
    """The ASGI app of every service process: health first, then the service's own app, if it has one.

    Until the own app exists (or once it is gone) everything else is 503 with `Retry-After`, and what `absent`
    says, and so is what was not answered when a shutdown could not wait any longer. From the first moment of
    a shutdown every answer closes its connection, so that none is idle, and none has a request on its way,
    when all are closed.
    """

    def __init__(self, health: Health, absent: Absent = no_app) -> None:
        self.health = health
        self.app: ASGIApp | None = None
        self._absent = absent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif self.app is not None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1013})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def closing(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            answered = True
            if message["type"] == "http.response.start" and self.health.leaving:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        path = scope.get("path", "")
        if path in _PATHS:
            await self._health(path, closing)
        elif self.app is None:
            await self._away(scope, closing)
        else:
            try:
                await self.app(scope, receive, closing)
            except asyncio.CancelledError:
                if answered or not self.health.leaving:
                    raise
                await self._away(scope, closing)

    async def _away(self, scope: Scope, send: Send) -> None:
        body = msgspec.json.encode(self._absent(scope))
        await respond(send, 503, body, "application/json", retry_after="2")

    async def _health(self, path: str, send: Send) -> None:
        if path == "/metrics":
            await respond(send, 200, await self.health.metrics(), CONTENT_TYPE_LATEST)
        elif path == "/live":
            await respond(send, 200, b'{"status":"ok"}', "application/json")
        elif path == "/serving":
            serving = self.health.serving
            body = b'{"status":"ok"}' if serving else b'{"status":"not serving"}'
            await respond(send, 200 if serving else 503, body, "application/json")
        else:
            ready, report = await self.health.report()
            body = msgspec.json.encode({"status": "ok" if ready else "not ready", "checks": report})
            await respond(send, 200 if ready else 503, body, "application/json")
