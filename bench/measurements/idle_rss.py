"""Memory of a stack that has nothing to do, all its processes together."""

from __future__ import annotations

import time

import psutil

from bench.bench import Bench
from bench.report import Figure, Result, Target

NAME = "idle-rss"
SETTLE = 5.0


def measure(bench: Bench) -> Result:
    stack = bench.stack
    time.sleep(1 if bench.quick else SETTLE)
    by_process = {name: _sizes(members) for name, members in stack.processes().items()}
    rss, pss, uss = (sum(sizes[i] for sizes in by_process.values()) / 1000 for i in range(3))
    figures = [
        Figure("resident (RSS), all processes", rss, "GB", Target("<=", 1.5)),
        Figure("shared pages counted once (PSS)", pss, "GB"),
        Figure("private pages only (USS)", uss, "GB"),
    ]
    table = {
        name: dict(zip(("rss", "pss", "uss"), map(round, sizes), strict=True))
        for name, sizes in by_process.items()
    }
    return Result(NAME, figures, {"MB by process": table})


def _sizes(members: list[psutil.Process]) -> tuple[float, float, float]:
    """RSS, PSS and USS in MB (10^6 bytes); RSS stands for the others where the system does not tell them."""
    total = [0.0, 0.0, 0.0]
    for member in members:
        try:
            info = member.memory_full_info()
            found = (info.rss, getattr(info, "pss", info.uss), info.uss)
        except psutil.AccessDenied:
            found = (member.memory_info().rss,) * 3
        except psutil.NoSuchProcess:
            continue
        total = [have + more / 1e6 for have, more in zip(total, found, strict=True)]
    return total[0], total[1], total[2]
