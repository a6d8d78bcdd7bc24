"""Composition of the ingest service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from libs.chassis.background import repeating
from libs.chassis.bus import Bus, started
from libs.chassis.database import Database
from libs.chassis.fetch import HTTP, HTTPS, Fetcher, Reach
from libs.chassis.health import Health
from libs.chassis.outbox import backlog, relaying
from libs.chassis.service import run
from libs.chassis.storage import Storage
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker import Worker
from libs.contracts.tasks import FetchTask
from services.ingest.artifacts import Artifacts
from services.ingest.fetch_task import FetchHandler
from services.ingest.fetching import Fetching
from services.ingest.handlers import Handlers
from services.ingest.models import OUTBOX
from services.ingest.repository import Repository
from services.ingest.settings import IngestSettings
from services.ingest.sweeper import Sweeper


@asynccontextmanager
async def compose(
    settings: IngestSettings, health: Health, *, fetcher: Fetcher | None = None
) -> AsyncIterator[None]:
    """`fetcher` is other than that of the settings in tests only."""
    async with AsyncExitStack() as stack:
        bus = Bus("ingest", settings)
        await bus.connect()
        database = Database(settings)
        stack.push_async_callback(database.close)
        storage = Storage(settings)
        stack.callback(storage.close)
        bus.report_to(health)
        health.require("database", database.check)
        health.require("storage", storage.check)

        repository = Repository(database)
        handlers = Handlers(repository, storage, settings.tools(observe_tool), settings.probe_time_limit)
        handlers.register(bus)
        Artifacts(repository, storage, handlers).register(bus)
        fetching = Fetching(
            handlers,
            repository,
            storage,
            fetcher or fetcher_of(settings, HTTPS),
            plain=fetcher or fetcher_of(settings, HTTP),
            at_once=settings.lanes,
        )
        worker = Worker("ingest", bus, storage, settings, {FetchTask: FetchHandler(fetching)})
        stack.enter_context(worker.scratch())
        await stack.enter_async_context(started(bus))
        await stack.enter_async_context(relaying("ingest", database.url, bus))
        health.measure(backlog(OUTBOX, database))
        sweeper = Sweeper(repository, handlers, expiry=settings.upload_expiry)
        await stack.enter_async_context(repeating("sweep", sweeper.sweep, pause=settings.sweep_interval))
        yield


def fetcher_of(settings: IngestSettings, schemes: frozenset[str]) -> Fetcher:
    reach = Reach.of(settings)
    rules = reach.rules(schemes, max_size=settings.fetch_max_bytes, total_limit=settings.fetch_time_limit)
    return Fetcher(rules, allowed=reach.allows)


def main() -> None:
    run("ingest", IngestSettings(), compose)
