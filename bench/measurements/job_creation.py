"""`POST /jobs` against what it cannot do without: a row in PostgreSQL and a message on JetStream."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import nats
from nats.js import JetStreamContext

from bench.bench import Bench
from bench.jobs import Worker, new_edit
from bench.load import Rate, Request, drive
from bench.report import Figure, Result
from bench.stack import Stack, spending
from libs.chassis.database import asyncpg_url

NAME = "job-creation"
CONNECTIONS = 16
BODIES = 200
WORKERS = ("transcode", "analyze")
TABLE = "CREATE TABLE IF NOT EXISTS bench_jobs (id uuid PRIMARY KEY, body jsonb NOT NULL)"


def measure(bench: Bench) -> Result:
    seconds = 2.0 if bench.quick else 8.0
    found: dict[str, list[Rate]] = {"edge": [], "gateway": [], "raw": []}
    with Stack(bench.folder / "creation") as stack:
        worker = Worker(stack)
        path = worker.upload(bench.clips.tiny())
        requests = [_request(worker, path, number) for number in range(BODIES)]
        with _resting(stack), spending(stack) as spent:  # jobs wait: what is measured is their creation
            for _ in range(bench.rounds(3)):
                found["raw"].append(asyncio.run(_raw(stack, seconds, requests[0].body)))
                for name, port in (("edge", stack.port("edge")), ("gateway", stack.public_port)):
                    found[name].append(drive(port, requests, seconds=seconds, connections=CONNECTIONS))
    if errors := sum(each.errors for rates in found.values() for each in rates):
        raise RuntimeError(f"{errors} requests failed.")
    rates = {name: median(each.per_second for each in runs) for name, runs in found.items()}
    figures = [
        Figure("jobs through the gateway / raw insert and publish", rates["gateway"] / rates["raw"], "x"),
        Figure("jobs at the edge / raw insert and publish", rates["edge"] / rates["raw"], "x"),
        *(Figure(f"{name}, rate", rate, "/s") for name, rate in rates.items()),
        *(Figure(f"{name}, p99", median(each.p99 for each in runs), "ms") for name, runs in found.items()),
    ]
    details = {name: [asdict(each) for each in runs] for name, runs in found.items()}
    return Result(NAME, figures, {**details, "CPU seconds": spent.by_process})


def _request(worker: Worker, path: str, number: int) -> Request:
    """Each of another size, so that hardly any job is the twin of another."""
    size = {"target_width": 16 + 2 * (number % 20), "target_height": 16 + 2 * (number // 20)}
    body = json.dumps(new_edit(path, target_duration=5.0, **size))
    return Request("/jobs", "POST", {**worker.headers, "Content-Type": "application/json"}, body)


@contextmanager
def _resting(stack: Stack) -> Iterator[None]:
    """Workers do not work meanwhile, and the supervisor does not mind."""
    found = stack.processes()
    members = [found["supervisor"][0], *(each for name in WORKERS for each in found[name])]
    for each in members:
        each.suspend()
    try:
        yield
    finally:
        for each in reversed(members):
            each.resume()


async def _raw(stack: Stack, seconds: float, body: str) -> Rate:
    """As many clients as there are connections, each inserting a row and publishing a message in turn."""
    reach = stack.connection
    bus = await nats.connect(reach.nats_url)
    jetstream = bus.jetstream()
    await jetstream.add_stream(name="BENCH", subjects=["bench.jobs"], max_msgs=10_000)
    url = asyncpg_url(reach.database_url)
    pool: Any = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS)
    try:
        await pool.execute(TABLE)
        latencies: list[float] = []
        begun, cpu = time.perf_counter(), time.process_time()
        clients = [_client(pool, jetstream, body, begun + seconds, latencies) for _ in range(CONNECTIONS)]
        await asyncio.gather(*clients)
        took, used = time.perf_counter() - begun, time.process_time() - cpu
    finally:
        await pool.execute("DROP TABLE IF EXISTS bench_jobs")
        await pool.close()
        await jetstream.delete_stream("BENCH")
        await bus.close()
    cuts = statistics.quantiles(latencies, n=100)
    return Rate(len(latencies) / took, cuts[49] * 1000, cuts[98] * 1000, 0, used)


async def _client(
    pool: Any, jetstream: JetStreamContext, body: str, until: float, latencies: list[float]
) -> None:
    while (now := time.perf_counter()) < until:
        await pool.execute("INSERT INTO bench_jobs VALUES ($1, $2)", uuid4(), body)
        await jetstream.publish("bench.jobs", body.encode())
        latencies.append(time.perf_counter() - now)
