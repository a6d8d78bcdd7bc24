"""Composition of the edge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

from libs.chassis.bus import Bus, new_instance, started
from libs.chassis.health import ASGIApp, Health
from libs.chassis.http import observed
from libs.chassis.service import run
from libs.chassis.storage import Storage
from libs.contracts.jobs import JOB_CANCELLED, JOB_COMPLETED, JOB_FAILED
from services.edge.api import litestar
from services.edge.contracts.enhancement.files import ResultFiles
from services.edge.contracts.enhancement.routes import router as enhancement
from services.edge.contracts.enhancement.upload import UploadFlow
from services.edge.contracts.video_editor.editing import Editing
from services.edge.contracts.video_editor.routes import router as video_editor
from services.edge.contracts.video_editor.upload import VideoUpload
from services.edge.contracts.video_editor.videos import Videos
from services.edge.job_loader import JobLoader
from services.edge.links import Links
from services.edge.settings import EdgeSettings
from services.edge.uploads import Uploader
from services.edge.waiting import EndWaiter


@asynccontextmanager
async def compose(settings: EdgeSettings, health: Health) -> AsyncIterator[ASGIApp]:
    async with AsyncExitStack() as stack:
        bus = Bus("edge", settings)
        await bus.connect()
        storage = Storage(settings)
        stack.callback(storage.close)
        health.require("bus", bus.check)
        health.require("storage", storage.check)
        jobs = JobLoader(bus)
        waiter = EndWaiter(jobs, limit=settings.max_executes)
        bus.follow(
            {JOB_COMPLETED: waiter.on_end, JOB_FAILED: waiter.on_end, JOB_CANCELLED: waiter.on_end},
            instance=new_instance(),
        )
        await stack.enter_async_context(started(bus))

        uploader = Uploader(
            bus, storage, max_size=settings.max_upload_bytes, max_uploads=settings.max_uploads
        )
        uploads = VideoUpload(
            bus, uploader, max_form=settings.max_form_bytes, max_files=settings.max_form_files
        )
        videos = Videos(bus, storage)
        editing = Editing(bus, waiter, timeout=settings.execute_timeout)
        links = Links(settings.public_url, settings.trusted_proxies)
        routers = [
            enhancement(UploadFlow(bus, uploader), jobs, ResultFiles(bus, storage, jobs)),
            video_editor(uploads, videos, editing, links),
        ]
        yield observed(cast("ASGIApp", litestar(routers, settings.cors_origins)))


def main() -> None:
    run("edge", EdgeSettings(), compose)
