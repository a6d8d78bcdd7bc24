"""Seconds until a stack is ready that was started before."""

from __future__ import annotations

from statistics import median

from bench.bench import Bench
from bench.report import Figure, Result, Target
from bench.stack import Stack

NAME = "start"


def measure(bench: Bench) -> Result:
    stack = Stack(bench.folder / "start")
    samples = []
    for _ in range(1 + bench.rounds(3)):
        samples.append(stack.up())
        stack.down()
    cold, *warm = samples
    figures = [
        Figure("reelbus up --detach, warm", median(warm), "s", Target("<=", 10)),
        Figure("the same, first start of a data directory", cold, "s"),
    ]
    return Result(NAME, figures, {"warm": warm})
