"""From the change of a job to the message at the client, over the whole way: row, outbox, bus, hub,
gateway, socket."""

from __future__ import annotations

import asyncio
import json
import statistics
from datetime import UTC, datetime
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from bench.bench import Bench
from bench.client import post_file
from bench.report import Figure, Result

NAME = "event-latency"
ENOUGH = 240
PAUSE = 0.05
MILLISECONDS = 1000.0


def measure(bench: Bench) -> Result:
    messages = 80 if bench.quick else ENOUGH
    delays = asyncio.run(_listen(bench, messages))
    everything = [delay for found in delays.values() for delay in found]
    cuts = statistics.quantiles(everything, n=100)
    figures = [
        Figure("change of a job to its message, median", cuts[49], "ms"),
        Figure("99th percentile", cuts[98], "ms"),
        *(
            Figure(f"median of {status} messages", statistics.median(found), "ms")
            for status, found in sorted(delays.items())
        ),
    ]
    return Result(NAME, figures, {"messages": len(everything), "highest": max(everything)})


async def _listen(bench: Bench, messages: int) -> dict[str, list[float]]:
    """Upload one tiny clip again and again: its results are known after the first time, so that each
    upload makes two jobs, which are created and completed at once. Milliseconds by status."""
    channel, clip, stack = f"bench-{uuid4().hex}", bench.clips.tiny(), bench.stack
    delays: dict[str, list[float]] = {}
    async with connect(f"ws://127.0.0.1:{stack.public_port}/ws/{channel}", proxy=None) as socket:
        await socket.recv()
        reading = asyncio.create_task(_read(socket, delays, messages))
        while not reading.done():
            await asyncio.to_thread(post_file, stack.public_port, clip, channel)
            await asyncio.sleep(PAUSE)
        await reading
    return delays


async def _read(socket: ClientConnection, delays: dict[str, list[float]], messages: int) -> None:
    received = 0
    while received < messages:
        message = json.loads(await socket.recv())
        now = datetime.now(UTC)
        if message["type"] != "status_update":
            continue
        changed = datetime.fromisoformat(message["timestamp"])
        delays.setdefault(message["status"], []).append((now - changed).total_seconds() * MILLISECONDS)
        received += 1
