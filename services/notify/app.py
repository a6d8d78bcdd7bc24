"""Composition of the notify service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from litestar import Litestar
from litestar.handlers.websocket_handlers import WebsocketRouteHandler

from libs.chassis.bus import Bus, new_instance, started
from libs.chassis.door import Door
from libs.chassis.health import ASGIApp, Health
from libs.chassis.pages import Pages
from libs.chassis.service import run
from libs.contracts.access import AUTHENTICATE, Authenticate, Principal
from libs.contracts.jobs import (
    JOB_CANCELLED,
    JOB_COMPLETED,
    JOB_CREATED,
    JOB_FAILED,
    JOB_PROGRESS,
    Job,
)
from libs.contracts.media import MEDIA_INGESTED
from libs.contracts.rpc import (
    GET_JOB,
    LIST_CHANNEL_JOBS,
    GetJob,
    JobDetail,
    JobList,
    ListChannelJobs,
)
from services.notify.entrance import Entrance
from services.notify.hub import Hub
from services.notify.ledger import Ledger
from services.notify.past import Past
from services.notify.routes import socket_route
from services.notify.settings import NotifySettings


@asynccontextmanager
async def compose(settings: NotifySettings, health: Health) -> AsyncIterator[ASGIApp]:
    bus = Bus("notify", settings)
    await bus.connect()
    bus.report_to(health)

    async def channel_jobs(family: str, channel: str) -> list[Job]:
        window = settings.ws_replay_window
        request = ListChannelJobs(family=family, channel=channel, finished_within=window)
        found: JobList = await bus.call(LIST_CHANNEL_JOBS, request)
        return found.jobs

    async def whole_job(job: Job) -> Job:
        found: JobDetail = await bus.call(GET_JOB, GetJob(job_id=job.job_id, owner=job.owner))
        return found.job

    async def authenticate(credentials: Authenticate) -> Principal:
        principal: Principal = await bus.call(AUTHENTICATE, credentials)
        return principal

    hub = Hub(
        queue=settings.ws_queue,
        hard_queue=settings.ws_queue_hard,
        sockets=settings.ws_sockets,
        channel_sockets=settings.ws_channel_sockets,
    )
    ledger = Ledger(settings.ws_replay_window, replicas=settings.stream_replicas)
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
        past, entrance = Past(ledger, channel_jobs, whole_job), Entrance(authenticate)
        route = socket_route(hub, ledger, past, entrance, settings)
        yield reachable(route, settings)


def reachable(route: WebsocketRouteHandler, settings: NotifySettings) -> ASGIApp:
    """The application, for those who may call."""
    app = Litestar([route], openapi_config=None, logging_config=None)
    return Door(cast("ASGIApp", app), settings.hosts(), Pages(settings.cors_origins))


def main() -> None:
    run("notify", NotifySettings(), compose)
