"""What the health endpoints answer."""

from __future__ import annotations

from services.edge.contracts.videocraft.schemas import Body


class Healthy(Body, frozen=True, kw_only=True):
    """The service works."""

    status: str
    timestamp: str
    version: str


class Ok(Body, frozen=True, kw_only=True):
    """The answer to a probe."""

    status: str = "ok"


class Services(Body, frozen=True, kw_only=True):
    """Each is `healthy` or `unhealthy`."""

    database: str
    whisper_daemon: str
    ffmpeg: str
    storage: str


class Memory(Body, frozen=True, kw_only=True):
    """Bytes of this machine."""

    used: int
    total: int
    usage_percent: float


class Disk(Body, frozen=True, kw_only=True):
    """Bytes of the file system that the edge lies on."""

    used: int
    available: int
    usage_percent: float


class Cpu(Body, frozen=True, kw_only=True):
    """`load_average` is of 1, 5 and 15 minutes."""

    usage_percent: float
    load_average: list[float]


class System(Body, frozen=True, kw_only=True):
    """`goroutines` are the tasks that this process runs at once."""

    memory: Memory
    disk: Disk
    cpu: Cpu
    goroutines: int


class Work(Body, frozen=True, kw_only=True):
    """Jobs of everybody; today began at midnight UTC. Null when nobody can tell now."""

    active: int | None
    pending: int | None
    completed_today: int | None
    failed_today: int | None


class HealthDetails(Body, frozen=True, kw_only=True):
    """`status` is `healthy`, or `degraded` while something that is needed does not work."""

    status: str
    timestamp: str
    version: str
    uptime: str
    services: Services
    system: System
    jobs: Work
