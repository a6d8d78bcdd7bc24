"""Composition of the notify service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from litestar import Litestar

from libs.chassis.bus import Bus, new_instance, started
from libs.chassis.health import ASGIApp, Health
from libs.chassis.service import run
from libs.contracts.jobs import (
    JOB_CANCELLED,
    JOB_COMPLETED,
    JOB_CREATED,
    JOB_FAILED,
    JOB_PROGRESS,
    Job,
)
from libs.contracts.media import MEDIA_INGESTED
from libs.contracts.rpc import LIST_CHANNEL_JOBS, JobList, ListChannelJobs
from services.notify.hub import Hub
from services.notify.ledger import Ledger
from services.notify.routes import socket_route
from services.notify.settings import NotifySettings


@asynccontextmanager
async def compose(settings: NotifySettings, health: Health) -> AsyncIterator[ASGIApp]:
    bus = Bus("notify", settings)
    await bus.connect()
    health.require("bus", bus.check)

    async def channel_jobs(channel: str) -> list[Job]:
        request = ListChannelJobs(channel=channel, finished_within=settings.ws_replay_window)
        found: JobList = await bus.call(LIST_CHANNEL_JOBS, request)
        return found.jobs

    hub = Hub(queue=settings.ws_queue, hard_queue=settings.ws_queue_hard)
    ledger = Ledger(settings.ws_replay_window)
    bus.follow(
        {
            MEDIA_INGESTED: hub.on_ingested,
            JOB_CREATED: hub.on_job,
            JOB_COMPLETED: hub.on_job,
            JOB_FAILED: hub.on_job,
            JOB_CANCELLED: hub.on_job,
        },
        instance=new_instance(),
    )
    bus.listen(JOB_PROGRESS, hub.on_job)
    async with started(bus):
        await ledger.open(bus.jetstream)
        route = socket_route(hub, ledger, channel_jobs)
        yield cast("ASGIApp", Litestar([route], openapi_config=None, logging_config=None))


def main() -> None:
    run("notify", NotifySettings(), compose)
