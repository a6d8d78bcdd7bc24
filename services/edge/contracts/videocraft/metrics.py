"""Figures of the family's jobs for `/metrics`, as the jobs service counts them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from libs.chassis.bus import Bus
from libs.contracts.jobs import JobState
from libs.contracts.movies import COUNT_JOBS, CountJobs, JobCounts
from services.edge.contracts.videocraft.schemas import FAMILY

_FRESH = 1.0
_ENDS = [state.value for state in JobState if state.terminal]


class JobFigures(Collector):
    """The same for all replicas: those of the whole system. What nobody can tell now is not told."""

    def __init__(self, bus: Bus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._clock = clock
        self._lock = asyncio.Lock()
        self._counts: JobCounts | None = None
        self._until = 0.0

    async def counts(self) -> JobCounts:
        """Not older than a second. Raises `UnavailableError`."""
        async with self._lock:
            if self._counts is None or self._clock() >= self._until:
                self._counts = None
                self._counts = await self._bus.call(COUNT_JOBS, CountJobs(family=FAMILY))
                self._until = self._clock() + _FRESH
            return self._counts

    async def refresh(self) -> None:
        """To be awaited before `collect`. Raises `ReelbusError`."""
        await self.counts()

    def describe(self) -> Iterator[Metric]:
        """Nothing: a registry would not take those of several edges in one process."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        if self._counts is not None:
            yield from _families(self._counts)


def _families(counts: JobCounts) -> Iterator[Metric]:
    ended = CounterMetricFamily("videocraft_jobs", "Total number of jobs processed", labels=["status"])
    seconds = HistogramMetricFamily("videocraft_job_duration_seconds", "Job processing duration")
    for status in _ENDS:
        ended.add_metric([status], counts.states.get(status, 0))
    seconds.add_metric([], _buckets(counts.durations), counts.duration_sum)
    yield ended
    yield seconds


def _buckets(durations: Mapping[str, int]) -> list[tuple[str, float]]:
    return [(bound, durations[bound]) for bound in sorted(durations, key=float)]
