"""What a process says of itself: its version, how late its event loop is, the memory it may use."""

from __future__ import annotations

import asyncio
import math
import os
import time
from contextlib import AbstractAsyncContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prometheus_client import Gauge, Histogram

from libs.chassis.background import repeating

BUILD = Gauge("reelbus_build_info", "1, with the version that runs.", ["version"])
LATE = Histogram(
    "reelbus_event_loop_late_seconds",
    "Seconds that the event loop was late for a timer; one a second.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
MEMORY = Gauge(
    "reelbus_memory_bytes", "Memory of the container that cannot be reclaimed; without one, of the process."
)
MEMORY_LIMIT = Gauge("reelbus_memory_limit_bytes", "Memory that the container may have; +Inf: no limit.")

_CGROUP = Path("/sys/fs/cgroup")
_TICK = 1.0


def tell_version() -> None:
    """Have the metrics say which version runs; `unknown` in a tree that was never installed."""
    try:
        found = version("reelbus")
    except PackageNotFoundError:
        found = "unknown"
    BUILD.labels(found).set(1)


async def measure_memory() -> None:
    """For `Health.measure`."""
    used, limit = memory()
    MEMORY.set(used)
    MEMORY_LIMIT.set(limit)


def memory(cgroup: Path = _CGROUP) -> tuple[float, float]:
    """Bytes in use and the limit, as cgroup v2 counts them in a container: ffmpeg, and files in a tmpfs, are
    in it; files that the kernel merely caches are not."""
    try:
        limit = (cgroup / "memory.max").read_text().strip()
        current = int((cgroup / "memory.current").read_text())
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no container, or cgroup v1
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        return float(resident * os.sysconf("SC_PAGE_SIZE")), math.inf
    return float(max(0, current - int(stat.get("inactive_file", 0)))), (
        math.inf if limit == "max" else float(limit)
    )


def watching_loop() -> AbstractAsyncContextManager[None]:
    """Measure how late the event loop is, while the block runs."""

    async def tick() -> None:
        due = time.perf_counter() + _TICK
        await asyncio.sleep(_TICK)
        LATE.observe(max(0.0, time.perf_counter() - due))

    return repeating("watch event loop", tick)
