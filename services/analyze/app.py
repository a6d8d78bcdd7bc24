"""Composition of the analyze service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from libs.chassis.bus import Bus, started
from libs.chassis.health import Health
from libs.chassis.service import run
from libs.chassis.storage import Storage
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker import Worker
from libs.contracts.tasks import MetadataTask
from services.analyze.handlers import MetadataExtractor
from services.analyze.settings import AnalyzeSettings


@asynccontextmanager
async def compose(settings: AnalyzeSettings, health: Health) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        bus = Bus("analyze", settings)
        await bus.connect()
        storage = Storage(settings)
        stack.callback(storage.close)
        health.require("bus", bus.check)
        health.require("storage", storage.check)

        extractor = MetadataExtractor(settings.tools(observe_tool))
        worker = Worker("analyze", bus, storage, settings, {MetadataTask: extractor})
        stack.enter_context(worker.scratch())
        await stack.enter_async_context(started(bus))
        yield


def main() -> None:
    run("analyze", AnalyzeSettings(), compose)
