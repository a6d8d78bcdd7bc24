"""What the detailed health check measures."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from importlib.metadata import version

import psutil

from libs.chassis.bus import Bus
from libs.chassis.health import Check
from libs.contracts.base import utcnow
from libs.contracts.errors import ReelbusError, UnavailableError
from libs.contracts.jobs_view import time_of
from libs.contracts.movies import JobCounts
from libs.contracts.rpc import DESCRIBE_SPEECH, DESCRIBE_TRANSCODE, Describe, Description
from services.edge.contracts.videocraft.health_schemas import (
    Cpu,
    Disk,
    HealthDetails,
    Healthy,
    Memory,
    Services,
    System,
    Work,
)
from services.edge.contracts.videocraft.metrics import JobFigures

_PATIENCE = 2.0
_CPU_INTERVAL = 0.2
_FRESH = 1.0


class HealthReport:
    """`checks` are those of `database` and `storage`. It is measured once a second at most."""

    def __init__(self, bus: Bus, checks: Mapping[str, Check], figures: JobFigures) -> None:
        self._bus = bus
        self._checks = checks
        self._figures = figures
        self._began = time.monotonic()
        self._lock = asyncio.Lock()
        self._last: tuple[float, HealthDetails] | None = None

    def basic(self) -> Healthy:
        """Of a service that works."""
        return Healthy(status="healthy", timestamp=time_of(utcnow()), version=version("reelbus"))

    async def details(self) -> HealthDetails:
        async with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > _FRESH:
                self._last = (time.monotonic(), await self._measure())
            return self._last[1]

    async def _measure(self) -> HealthDetails:
        database, storage, speech, ffmpeg, jobs, system = await asyncio.gather(
            _works(self._checks["database"]),
            _works(self._checks["storage"]),
            _works(self._speech),
            _works(self._ffmpeg),
            self._jobs(),
            asyncio.to_thread(_machine),
        )
        memory, disk, cpu = system
        well = all((database, storage, speech, ffmpeg, jobs))
        return HealthDetails(
            status="healthy" if well else "degraded",
            timestamp=time_of(utcnow()),
            version=version("reelbus"),
            uptime=uptime_of(time.monotonic() - self._began),
            services=Services(
                database=_word(database),
                whisper_daemon=_word(speech),
                ffmpeg=_word(ffmpeg),
                storage=_word(storage),
            ),
            system=System(memory=memory, disk=disk, cpu=cpu, goroutines=len(asyncio.all_tasks())),
            jobs=_work_of(jobs),
        )

    async def _speech(self) -> None:
        _require(await self._bus.call(DESCRIBE_SPEECH, Describe()))

    async def _ffmpeg(self) -> None:
        _require(await self._bus.call(DESCRIBE_TRANSCODE, Describe()))

    async def _jobs(self) -> JobCounts | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._figures.counts()
        except (TimeoutError, ReelbusError):
            return None


def _require(found: Description) -> None:
    """Raises `UnavailableError` unless it can work."""
    if not found.ready:
        raise UnavailableError(f"{found.tool} cannot work.")


def uptime_of(seconds: float) -> str:
    """`72h35m12s`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}h{minutes % 60}m{rest}s"


async def _works(check: Check) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except Exception:  # a check may fail in any way; that is its answer
        return False
    return True


def _machine() -> tuple[Memory, Disk, Cpu]:
    """Blocks while it measures."""
    memory, disk = psutil.virtual_memory(), psutil.disk_usage(os.getcwd())
    return (
        Memory(used=memory.used, total=memory.total, usage_percent=memory.percent),
        Disk(used=disk.used, available=disk.free, usage_percent=disk.percent),
        Cpu(
            usage_percent=psutil.cpu_percent(interval=_CPU_INTERVAL),
            load_average=[round(each, 2) for each in psutil.getloadavg()],
        ),
    )


def _word(works: bool) -> str:
    return "healthy" if works else "unhealthy"


def _work_of(counts: JobCounts | None) -> Work:
    if counts is None:
        return Work(active=None, pending=None, completed_today=None, failed_today=None)
    states, today = counts.states, counts.today
    return Work(
        active=states.get("processing", 0),
        pending=states.get("pending", 0),
        completed_today=today.get("completed", 0),
        failed_today=today.get("failed", 0),
    )
