"""Composition of the edge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from libs.chassis.background import repeating
from libs.chassis.bus import Bus, new_instance, started
from libs.chassis.database import Database
from libs.chassis.health import ASGIApp, Health
from libs.chassis.http import observed
from libs.chassis.service import run
from libs.chassis.storage import Storage
from libs.chassis.telemetry import registry
from libs.contracts.jobs import JOB_CANCELLED, JOB_COMPLETED, JOB_FAILED
from services.edge.api import absent, litestar, reachable
from services.edge.auth.authenticator import Authenticator
from services.edge.auth.handlers import Handlers as AuthHandlers
from services.edge.auth.key_set import KeySet
from services.edge.auth.refusals import Refusals
from services.edge.auth.repository import KeyRepository
from services.edge.auth.source import source_of
from services.edge.auth.tokens import TokenVerifier
from services.edge.contracts.videocraft.metrics import JobFigures
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
        bus.report_to(health)
        health.require("storage", storage.check)
        jobs = JobLoader(bus)
        waiter = EndWaiter(jobs, limit=settings.max_executes)
        patience = settings.shutdown_delay + settings.shutdown_grace / 2
        health.on_stopping(lambda: asyncio.get_running_loop().call_later(patience, waiter.hurry))
        bus.follow(
            {JOB_COMPLETED: waiter.on_end, JOB_FAILED: waiter.on_end, JOB_CANCELLED: waiter.on_end},
            instance=new_instance(),
        )
        database = Database(settings)  # only for limits and API keys: the edge is ready without it
        stack.push_async_callback(database.close)
        keys = KeyRepository(database)
        authenticator = Authenticator(keys, await stack.enter_async_context(_verifying(settings)))
        limiter = await stack.enter_async_context(_limiting(settings, database))
        refusals = Refusals(limiter, rate=settings.jobs_refused_rate)
        AuthHandlers(authenticator, refusals).register(bus)
        await stack.enter_async_context(started(bus))

        figures = JobFigures(bus)
        registry().register(figures)
        stack.callback(registry().unregister, figures)
        health.measure(figures.refresh)
        checks = {"database": database.check, "storage": storage.check}
        parts = Parts(bus, storage, jobs, waiter, limiter, health, authenticator, refusals, checks, figures)
        app = litestar(routers(parts, settings))
        origins, motion_origins = settings.cors_origins, settings.motion_origins
        found = reachable(app, hosts=settings.hosts(), origins=origins, motion_origins=motion_origins)
        yield observed(found, following=settings.proxies() if settings.trust_traceparent else None)


@asynccontextmanager
async def _limiting(settings: EdgeSettings, database: Database) -> AsyncIterator[Limiter]:
    """Keeps count in the database, or not at all."""
    if not settings.rate_limits:
        yield Unlimited()
        return
    limiter = RateLimiter(database)
    async with repeating("sweep rate limits", limiter.sweep, pause=_SWEEP, retry=_SWEEP):
        yield limiter


@asynccontextmanager
async def _verifying(settings: EdgeSettings) -> AsyncIterator[TokenVerifier]:
    """Keys of tokens that are read again and again; a token that comes before the first reading waits."""
    secret, location, pause = settings.jwt_secret, settings.jwt_jwks, settings.jwt_jwks_pause
    keys = KeySet(source_of(location), pause=pause) if location else None
    verifier = TokenVerifier(
        secret=secret.get_secret_value(),
        keys=keys,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )
    if keys is None:
        yield verifier
        return
    async with repeating("read key set", keys.read, pause=settings.jwt_jwks_interval, retry=pause):
        yield verifier


def main() -> None:
    run("edge", EdgeSettings(), compose, absent=absent)
