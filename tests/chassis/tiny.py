"""A service with an API of its own, for tests of how a process stops: `/slow` takes as long as the file
`REELBUS_HOLD` names is there; that it has begun another one tells. With
`REELBUS_COMPUTES` it has a thread that never ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from libs.chassis.health import ASGIApp, Health, Receive, Scope, Send, respond
from libs.chassis.service import ServiceSettings, run


class TinySettings(ServiceSettings):
    hold: Path
    computes: bool = False


@asynccontextmanager
async def compose(settings: TinySettings, _: Health) -> AsyncIterator[ASGIApp]:
    if settings.computes:
        threading.Thread(target=threading.Event().wait).start()

    async def app(scope: Scope, __: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            settings.hold.with_suffix(".begun").touch()
        while scope["path"] == "/slow" and settings.hold.exists():
            await asyncio.sleep(0.02)
        await respond(send, 200, b'"done"', "application/json")

    yield app


if __name__ == "__main__":
    run("tiny", TinySettings(), compose)
