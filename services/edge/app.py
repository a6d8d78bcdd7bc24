"""Composition of the edge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

from libs.chassis.bus import Bus, started
from libs.chassis.health import ASGIApp, Health
from libs.chassis.http import observed
from libs.chassis.service import run
from libs.chassis.storage import Storage
from services.edge.api import litestar
from services.edge.contracts.enhancement.files import ResultFiles
from services.edge.contracts.enhancement.routes import router as enhancement
from services.edge.contracts.enhancement.upload import UploadFlow
from services.edge.job_loader import JobLoader
from services.edge.settings import EdgeSettings
from services.edge.uploads import Uploader


@asynccontextmanager
async def compose(settings: EdgeSettings, health: Health) -> AsyncIterator[ASGIApp]:
    async with AsyncExitStack() as stack:
        bus = Bus("edge", settings)
        await bus.connect()
        storage = Storage(settings)
        stack.callback(storage.close)
        health.require("bus", bus.check)
        health.require("storage", storage.check)
        await stack.enter_async_context(started(bus))

        jobs = JobLoader(bus)
        uploader = Uploader(
            bus, storage, max_size=settings.max_upload_bytes, max_uploads=settings.max_uploads
        )
        uploads = UploadFlow(bus, uploader)
        routers = [enhancement(uploads, jobs, ResultFiles(bus, storage, jobs))]
        yield observed(cast("ASGIApp", litestar(routers, settings.cors_origins)))


def main() -> None:
    run("edge", EdgeSettings(), compose)
