"""The life of a service process: telemetry, health from the first moment, resources, work, drain, end.

On SIGTERM it is not ready any more at once. A service with an API goes on taking requests for
`shutdown_delay`, closing the connection of each; then it stops listening, and open requests get
`shutdown_grace`. After that, and in services without an API at once, work is returned and calls are finished
(`libs.chassis.bus`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import NoReturn, TypeVar

import uvicorn
import uvloop

from libs.chassis.health import Absent, ASGIApp, Health, Shell, no_app
from libs.chassis.process import measure_memory, tell_version, watching_loop
from libs.chassis.settings import HttpSettings, TelemetrySettings
from libs.chassis.telemetry import setup_logging, setup_tracing

log = logging.getLogger(__name__)


class ServiceSettings(HttpSettings, TelemetrySettings):
    """What the shell of every service needs."""


S = TypeVar("S", bound=ServiceSettings)
Compose = Callable[[S, Health], AbstractAsyncContextManager[ASGIApp | None]]
"""Builds a service's resources, yields its own ASGI app if it has one, and takes everything down."""


class _Server(uvicorn.Server):
    """uvicorn without signal handling: the service decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def run(name: str, settings: S, compose: Compose[S], *, absent: Absent = no_app) -> None:
    """Run service `name` until SIGTERM or SIGINT. Exits 1 when its resources cannot be had. `absent` as in
    `Shell`."""
    setup_logging(name, settings)
    provider = setup_tracing(name, settings)
    try:
        code = uvloop.run(_serve(name, settings, compose, absent))
    finally:
        provider.shutdown()
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End, also while a thread computes what nobody waits for any more: Python would wait for it."""
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


async def _serve(name: str, settings: S, compose: Compose[S], absent: Absent) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    shell = Shell(Health(), absent)
    shell.health.measure(measure_memory)
    tell_version()
    server = _Server(_http_config(shell, settings))
    serving = asyncio.create_task(server.serve())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(watching_loop())
        code = await _work(stack.enter_async_context(compose(settings, shell.health)), shell, stop)
        shell.health.stopping()
        if shell.app is not None:
            await asyncio.sleep(settings.shutdown_delay)
        server.should_exit = True
        await serving
    log.info("service stopped", extra={"code": code})
    return code


async def _work(starting: Coroutine[None, None, ASGIApp | None], shell: Shell, stop: asyncio.Event) -> int:
    """Bring the service up and keep it until `stop`, or until it gives up; the exit code."""
    composing = asyncio.ensure_future(starting)
    stopped = asyncio.ensure_future(_first(stop, shell.health.given_up))
    await asyncio.wait({composing, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not composing.done():
        composing.cancel()
        await asyncio.gather(composing, return_exceptions=True)
        return stopped.result()
    if error := composing.exception():
        stopped.cancel()
        log.critical("service cannot start", exc_info=error)
        return 1
    shell.app = composing.result()
    shell.health.started()
    log.info("service started")
    code = await stopped
    log.info("service stopping")
    return code


async def _first(stop: asyncio.Event, given_up: asyncio.Event) -> int:
    """Wait for one of them; the exit code."""
    waiting = [asyncio.ensure_future(event.wait()) for event in (stop, given_up)]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
    return 0 if stop.is_set() else 1


def _http_config(shell: Shell, settings: HttpSettings) -> uvicorn.Config:
    return uvicorn.Config(
        shell,
        host=settings.http_host,
        port=settings.http_port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whose headers to believe is for the app to say: it needs the true peer
        ws="websockets-sansio",
        ws_max_size=16 * 1024,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_grace)),
    )
