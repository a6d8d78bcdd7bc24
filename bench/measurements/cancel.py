"""From the request to cancel a job that is encoded to its answer, and until nothing works for it any more."""

from __future__ import annotations

import time
from contextlib import suppress
from statistics import median

import psutil

from bench.bench import Bench
from bench.jobs import Worker
from bench.report import Figure, Result, Target
from bench.stack import Stack

NAME = "cancel"
EDIT = {"target_duration": 60.0, "target_width": 1080, "target_height": 1920, "target_lufs": -14.0}
LIMIT = 60.0


def measure(bench: Bench) -> Result:
    worker, stack = Worker(bench.stack), bench.stack
    path = worker.upload(bench.clips.unique(bench.clips.feature(1)))
    answered, stopped = [], []
    for _ in range(bench.rounds(10)):
        job_id = worker.create(path, **EDIT)
        _await(stack, encoding=True)
        begun = time.perf_counter()
        worker.cancel(job_id)
        answered.append(time.perf_counter() - begun)
        _await(stack, encoding=False)
        stopped.append(time.perf_counter() - begun)
    figures = [
        Figure("until CANCELLED is answered, median", median(answered), "s"),
        Figure("until no ffmpeg is left, median", median(stopped), "s"),
        Figure("the same, at most", max(stopped), "s", Target("<=", 2)),
    ]
    return Result(NAME, figures, {"answered": answered, "stopped": stopped})


def _await(stack: Stack, *, encoding: bool) -> None:
    deadline = time.monotonic() + LIMIT
    while _encodes(stack) is not encoding:
        if time.monotonic() > deadline:
            raise RuntimeError("The encoder does not start, or does not stop.")
        time.sleep(0.01)


def _encodes(stack: Stack) -> bool:
    for each in stack.processes()["transcode"]:
        with suppress(psutil.NoSuchProcess):
            if each.name() == "ffmpeg":
                return True
    return False
