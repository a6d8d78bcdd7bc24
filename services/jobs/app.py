"""Composition of the jobs service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from uuid import UUID

from libs.chassis.background import repeating
from libs.chassis.bus import Bus, started
from libs.chassis.database import Database
from libs.chassis.health import Health
from libs.chassis.jetstream import measure_streams
from libs.chassis.outbox import backlog, relaying
from libs.chassis.service import run
from libs.contracts.media import Asset
from libs.contracts.rpc import (
    DISCARD_ARTIFACTS,
    GET_ASSET,
    TRY_ENCODING,
    DiscardArtifacts,
    EncodingTrial,
    GetAsset,
    TryEncoding,
)
from libs.contracts.streams import EVENTS, TASKS
from services.jobs.discards import Discards
from services.jobs.dispatch import Dispatcher
from services.jobs.editor.execute import Executor
from services.jobs.editor.handlers import EditorHandlers
from services.jobs.editor.library import Library
from services.jobs.editor.queue import Queue
from services.jobs.handlers import Handlers
from services.jobs.models import OUTBOX
from services.jobs.movies.counts import Counts
from services.jobs.movies.handlers import MovieHandlers
from services.jobs.movies.makings import MovieStore
from services.jobs.movies.removal import Removal
from services.jobs.recovery import Recovery
from services.jobs.repository import Repository
from services.jobs.settings import JobsSettings
from services.jobs.submission import Submitter

_RETRY = 2.0
_RECOVERY = 15.0
"""Seconds between looks for tasks whose messages are gone."""


@asynccontextmanager
async def compose(settings: JobsSettings, health: Health) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        bus = Bus("jobs", settings)
        await bus.connect()
        database = Database(settings)
        stack.push_async_callback(database.close)
        bus.report_to(health)
        health.require("database", database.check)

        async def get_asset(asset_id: UUID, owner: str) -> Asset:
            asset: Asset = await bus.call(GET_ASSET, GetAsset(asset_id=asset_id, owner=owner))
            return asset

        async def try_encoding(request: TryEncoding) -> EncodingTrial:
            trial: EncodingTrial = await bus.call(TRY_ENCODING, request)
            return trial

        async def remove(request: DiscardArtifacts) -> None:
            await bus.call(DISCARD_ARTIFACTS, request)

        repository = Repository(database)
        submitter = Submitter(
            repository,
            get_asset,
            time_limit=settings.task_time_limit,
            speech_model=settings.speech_model,
        )
        dispatcher = Dispatcher(
            repository,
            window=settings.dispatch_window,
            cap=settings.owner_cap,
            interval=settings.dispatch_interval,
            limits={"sessions": settings.session_tasks},
            caps={"ingest": settings.fetch_cap},
        )
        discards = Discards(
            repository, remove, interval=settings.discard_interval, on_removed=dispatcher.wake
        )

        async def streams_made() -> datetime:
            return max([await bus.made_at(stream) for stream in (TASKS, EVENTS)])

        recovery = Recovery(repository, streams_made, on_recovered=dispatcher.wake)
        Handlers(bus, repository, submitter, dispatcher, discards).register()
        EditorHandlers(
            bus,
            Library(repository, get_asset),
            Queue(repository, try_encoding),
            Executor(repository, time_limit=settings.task_time_limit),
            dispatcher,
        ).register()
        MovieHandlers(
            bus, MovieStore(repository), Removal(repository, discards), Counts(repository)
        ).register()
        await stack.enter_async_context(started(bus))
        await stack.enter_async_context(relaying("jobs", database.url, bus))
        health.measure(dispatcher.measure)
        health.measure(backlog(OUTBOX, database))
        health.measure(partial(measure_streams, bus.jetstream))
        await stack.enter_async_context(repeating("dispatch", dispatcher.step))
        await stack.enter_async_context(repeating("discard", discards.step, retry=_RETRY))
        await stack.enter_async_context(repeating("recovery", recovery.step, pause=_RECOVERY, retry=_RETRY))
        yield


def main() -> None:
    run("jobs", JobsSettings(), compose)
