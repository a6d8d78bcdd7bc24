"""Composition of the sessions service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from libs.chassis.background import repeating
from libs.chassis.bus import Bus, started
from libs.chassis.database import Database
from libs.chassis.health import Health
from libs.chassis.scratch import scratch_folder
from libs.chassis.service import run
from libs.chassis.storage import Storage
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker import TaskHandler, Worker
from libs.contracts.tasks import MotionPhotoTask, PreviewTask
from services.sessions.cleaner import Cleaner
from services.sessions.duration import Durations
from services.sessions.handlers import Handlers
from services.sessions.jobs import Jobs
from services.sessions.motion_photo import MotionPhotoMaker
from services.sessions.preview import PreviewMaker
from services.sessions.repository import Patience, Repository
from services.sessions.settings import SessionsSettings
from services.sessions.shelf import Shelf
from services.sessions.thumbnails import Slots, Thumbnails

_LEASE, _LOOK, _MARGIN = timedelta(seconds=60), timedelta(seconds=10), 60.0


@asynccontextmanager
async def compose(settings: SessionsSettings, health: Health) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        bus = Bus("sessions", settings)
        await bus.connect()
        database = Database(settings)
        stack.push_async_callback(database.close)
        storage = Storage(settings)
        stack.callback(storage.close)
        bus.report_to(health)
        health.require("database", database.check)
        health.require("storage", storage.check)

        tools = settings.tools(observe_tool)
        repository = Repository(database)
        jobs = Jobs(bus, waiting=settings.session_waiting)
        shelf = Shelf(repository, storage, jobs)
        cleaner = Cleaner(repository, storage, jobs, bus, patience(settings))
        thumbnails = Thumbnails(
            tools,
            storage,
            shelf,
            Slots(settings.thumbnail_lanes, settings.thumbnail_waiting),
            scratch=stack.enter_context(scratch_folder(settings.scratch_dir, "thumbnails")),
            time_limit=settings.thumbnail_time_limit,
        )
        durations = Durations(tools, storage, time_limit=settings.probe_time_limit)
        handlers = Handlers(
            bus, repository, jobs, cleaner, durations=durations, thumbnails=thumbnails, settings=settings
        )
        handlers.register()
        makers: dict[type, TaskHandler] = {
            PreviewTask: PreviewMaker(tools, shelf),
            MotionPhotoTask: MotionPhotoMaker(tools, shelf),
        }
        worker = Worker("sessions", bus, storage, settings, makers)
        stack.enter_context(worker.scratch())
        await stack.enter_async_context(started(bus))
        pause = settings.sweep_interval
        await stack.enter_async_context(repeating("sweep", cleaner.sweep, pause=pause, retry=pause))
        yield


def patience(settings: SessionsSettings) -> Patience:
    """Nothing comes after the longest time that a task may take."""
    longest = max(settings.prepare_time_limit, settings.convert_time_limit, settings.thumbnail_time_limit)
    return Patience(lease=_LEASE, look=_LOOK, tombstone=timedelta(seconds=longest + _MARGIN))


def main() -> None:
    run("sessions", SessionsSettings(), compose)
