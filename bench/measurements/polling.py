"""Clients that poll their jobs while a video is encoded, and what that costs the encoder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from statistics import median
from typing import Any

from bench.bench import Bench, ratio
from bench.jobs import Worker
from bench.load import Rate, Request, drive
from bench.report import Figure, Result, Target

NAME = "polling"
PACE, CONNECTIONS = 500.0, 50
EDIT: dict[str, Any] = {
    "target_duration": 30.0, "target_width": 1080, "target_height": 1920, "target_lufs": -14.0
}  # fmt: skip


def measure(bench: Bench) -> Result:
    worker, source = Worker(bench.stack), bench.clips.feature(1)
    port, seconds = bench.stack.public_port, 4.0 if bench.quick else 8.0
    polls = [Request(f"/jobs/{_known(bench, worker)}", headers=worker.headers)]
    alone, polled, rates = list[float](), list[float](), list[Rate]()
    for _ in range(bench.rounds(3)):
        alone.append(worker.edit(_fresh(bench, worker, source), **EDIT))
        with ThreadPoolExecutor(1) as pool:
            encoding = pool.submit(worker.edit, _fresh(bench, worker, source), **EDIT)
            rates.append(drive(port, polls, seconds=seconds, connections=CONNECTIONS, pace=PACE))
            polled.append(encoding.result())
    if errors := sum(each.errors for each in rates):
        raise RuntimeError(f"{errors} requests failed.")
    share = median(each.per_second for each in rates) / PACE
    figures = [
        Figure("polls answered / asked for", share, "x", Target(">=", 0.98)),
        Figure("latency of a poll, median", median(each.p50 for each in rates), "ms"),
        Figure("latency of a poll, 99th percentile", median(each.p99 for each in rates), "ms"),
        Figure("job while it is polled / job alone", ratio(polled, alone), "x"),
    ]
    details = {"polls": [asdict(each) for each in rates], "alone": alone, "polled": polled}
    return Result(NAME, figures, details)


def _known(bench: Bench, worker: Worker) -> str:
    """The id of a job that is polled."""
    path = worker.upload(bench.clips.tiny())
    return worker.create(path, target_duration=5.0, target_width=64, target_height=64)


def _fresh(bench: Bench, worker: Worker, source: Any) -> str:
    """An upload that no result is known of."""
    clip = bench.clips.unique(source)
    try:
        return worker.upload(clip)
    finally:
        clip.unlink()
