"""A service with an API of its own, for tests of how a process stops: `/slow` takes as long as the file
`REELBUS_HOLD` names is there; that it has begun another one tells. With
`REELBUS_COMPUTES` it has a thread that never ends, with `REELBUS_LISTENS` a connection to NATS."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from libs.chassis.bus import Bus
from libs.chassis.health import ASGIApp, Health, Receive, Scope, Send, respond
from libs.chassis.service import ServiceSettings, run
from libs.chassis.settings import BusSettings


class TinySettings(ServiceSettings, BusSettings):
    hold: Path
    computes: bool = False
    listens: bool = False


@asynccontextmanager
async def compose(settings: TinySettings, health: Health) -> AsyncIterator[ASGIApp]:
    if settings.computes:
        threading.Thread(target=threading.Event().wait).start()

    bus = Bus("tiny", settings)
    if settings.listens:
        await bus.connect()
        bus.report_to(health)

    async def app(scope: Scope, __: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            settings.hold.with_suffix(".begun").touch()
        while scope["path"] == "/slow" and settings.hold.exists():
            await asyncio.sleep(0.02)
        await respond(send, 200, b'"done"', "application/json")

    yield app
    if settings.listens:
        await bus.stop()


if __name__ == "__main__":
    run("tiny", TinySettings(), compose)
