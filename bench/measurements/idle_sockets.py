"""A thousand WebSockets that have nothing to say: what each costs, and how soon all are told of one event."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median, quantiles

from websockets.asyncio.client import ClientConnection, connect

from bench.bench import Bench
from bench.jobs import Worker
from bench.report import Figure, Result
from bench.stack import Stack, resident

NAME = "idle-sockets"
SOCKETS = 1000
AT_ONCE = 50
LIMIT = 60.0
CALM = 2.0
EDIT = {"target_duration": 5.0, "target_width": 64, "target_height": 64}


def measure(bench: Bench) -> Result:
    sockets, events = (200, 5) if bench.quick else (SOCKETS, 20)
    with Stack(bench.folder / "sockets") as stack:
        return asyncio.run(_measure(bench, stack, sockets, events))


async def _measure(bench: Bench, stack: Stack, sockets: int, events: int) -> Result:
    worker = Worker(stack)
    path = await asyncio.to_thread(worker.upload, bench.clips.tiny())
    await asyncio.to_thread(worker.edit, path, **EDIT)  # known from now on: a job is one event, its end
    before = {name: resident(stack, name) for name in ("notify", "caddy")}
    async with _opened(worker, sockets) as opened:
        await asyncio.sleep(CALM)
        growth = {name: resident(stack, name) - before[name] for name in before}
        firsts, lasts = [], []
        for _ in range(events):
            first, last = await _told(worker, path, opened)
            firsts.append(first)
            lasts.append(last)
    figures = [
        Figure("notify's memory for each socket", growth["notify"] * 1024 / sockets, "KiB"),
        Figure("the gateway's memory for each socket", growth["caddy"] * 1024 / sockets, "KiB"),
        Figure("from a request to the first socket, median", median(firsts) * 1000, "ms"),
        Figure(f"from the first socket to the last of {sockets}, median", _spread(firsts, lasts, 0.5), "ms"),
        Figure("the same, 90th percentile", _spread(firsts, lasts, 0.9), "ms"),
    ]
    return Result(NAME, figures, {"sockets": sockets, "MiB": growth, "first": firsts, "last": lasts})


def _spread(firsts: list[float], lasts: list[float], share: float) -> float:
    spreads = [(last - first) * 1000 for first, last in zip(firsts, lasts, strict=True)]
    return quantiles(spreads, n=10, method="inclusive")[round(share * 10) - 1]


@asynccontextmanager
async def _opened(worker: Worker, count: int) -> AsyncIterator[list[ClientConnection]]:
    """So many sockets of the jobs channel of one user."""
    room, opened = asyncio.Semaphore(AT_ONCE), list[ClientConnection]()

    async def open_one() -> None:
        async with room:
            opened.append(
                await connect(
                    worker.socket_url, additional_headers=worker.headers, proxy=None, ping_interval=None,
                    compression=None, max_queue=16, open_timeout=LIMIT,
                )
            )  # fmt: skip

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(open_one())
        yield opened
    finally:
        await asyncio.gather(*(each.close() for each in opened))


async def _told(worker: Worker, path: str, opened: list[ClientConnection]) -> tuple[float, float]:
    """Seconds from a request for a job until the first and until the last socket heard that it is done."""
    begun = time.perf_counter()

    async def hear(socket: ClientConnection) -> float:
        while json.loads(await socket.recv())["type"] != "JOB_COMPLETED":
            pass
        return time.perf_counter() - begun

    async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as group:
        hearing = [group.create_task(hear(each)) for each in opened]
        group.create_task(asyncio.to_thread(worker.create, path, **EDIT))
    heard = [each.result() for each in hearing]
    return min(heard), max(heard)
