"""Status requests per second against a constant route of the same framework on the same server."""

from __future__ import annotations

import time
from dataclasses import asdict
from statistics import median

import httpx

from bench import constant
from bench.bench import Bench
from bench.client import post_file
from bench.load import Rate, Request, drive
from bench.report import Figure, Result, Target
from bench.stack import Stack, spending

NAME = "status-rate"
FILES = 50
PATIENCE = 60.0


def measure(bench: Bench) -> Result:
    stack, seconds = bench.stack, 2.0 if bench.quick else 5.0
    paths = [Request(f"/internal/video-enhancement-status/{file_id}") for file_id in _finished(bench, FILES)]
    runs: dict[str, list[Rate]] = {"edge": [], "gateway": [], "constant": []}
    with constant.serving() as port:
        for _ in range(bench.rounds(3)):
            with spending(stack) as spent:
                runs["edge"].append(drive(stack.port("edge"), paths, seconds=seconds))
            runs["constant"].append(drive(port, [Request(constant.PATH)], seconds=seconds))
            runs["gateway"].append(drive(stack.public_port, paths, seconds=seconds))
    if errors := sum(each.errors for found in runs.values() for each in found):
        raise RuntimeError(f"{errors} requests failed.")
    rates = {name: median(each.per_second for each in found) for name, found in runs.items()}
    figures = [
        Figure("edge / constant route", rates["edge"] / rates["constant"], "x", Target(">=", 0.3)),
        Figure("through the gateway / constant route", rates["gateway"] / rates["constant"], "x"),
        *(Figure(name, rate, "requests/s") for name, rate in rates.items()),
        Figure("latency at the edge, median", median(each.p50 for each in runs["edge"]), "ms"),
        Figure("latency at the edge, 99th percentile", median(each.p99 for each in runs["edge"]), "ms"),
    ]
    details = {name: [asdict(each) for each in found] for name, found in runs.items()}
    return Result(NAME, figures, {**details, "CPU seconds of the last run": spent.by_process})


def _finished(bench: Bench, count: int) -> list[str]:
    """Ids of files whose enhancement is done."""
    clip = bench.clips.tiny()
    ids = [post_file(bench.stack.public_port, clip).file_id for _ in range(count)]
    _await(bench.stack, ids)
    return ids


def _await(stack: Stack, ids: list[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    with httpx.Client(base_url=stack.url, trust_env=False) as client:
        for file_id in ids:
            while client.get(f"/internal/video-enhancement-status/{file_id}").json()["status"] != "completed":
                if time.monotonic() > deadline:
                    raise RuntimeError("The files do not get done.")
                time.sleep(0.05)
