"""Composition of the edge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from libs.chassis.background import repeating
from libs.chassis.bus import Bus, new_instance, started
from libs.chassis.database import Database
from libs.chassis.health import ASGIApp, Health
from libs.chassis.http import observed
from libs.chassis.service import run
from libs.chassis.storage import Storage
from libs.contracts.jobs import JOB_CANCELLED, JOB_COMPLETED, JOB_FAILED
from services.edge.api import litestar, with_cors
from services.edge.families import Parts, routers
from services.edge.job_loader import JobLoader
from services.edge.limits import Limiter, RateLimiter, Unlimited
from services.edge.settings import EdgeSettings
from services.edge.waiting import EndWaiter

_SWEEP = 60.0


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
        limiter = await stack.enter_async_context(_limiting(settings))

        parts = Parts(bus, storage, jobs, waiter, limiter, health)
        app = litestar(routers(parts, settings))
        origins, motion_origins = settings.cors_origins, settings.motion_origins
        yield observed(with_cors(app, origins=origins, motion_origins=motion_origins))


@asynccontextmanager
async def _limiting(settings: EdgeSettings) -> AsyncIterator[Limiter]:
    """Only requests that are limited need the database: the edge is ready without it."""
    if not settings.rate_limits:
        yield Unlimited()
        return
    database = Database(settings)
    limiter = RateLimiter(database)
    try:
        async with repeating("sweep rate limits", limiter.sweep, pause=_SWEEP, retry=_SWEEP):
            yield limiter
    finally:
        await database.close()


def main() -> None:
    run("edge", EdgeSettings(), compose)
