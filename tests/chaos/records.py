"""What a run leaves to be judged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

ENDS = ("COMPLETED", "FAILED", "CANCELLED")
_GRACE = {"edge": 90.0}


def grace(process: str) -> float:
    """Seconds that Kubernetes gives a process to end (`terminationGracePeriodSeconds`)."""
    return _GRACE.get(process.partition("-")[0], 30.0)


@dataclass(frozen=True)
class Artifact:
    """A stored object: `sha256` is that of its content."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Download:
    """What a user got: bytes, and what ffprobe says of them (`duration` in seconds)."""

    size: int
    sha256: str
    width: int
    height: int
    duration: float


@dataclass
class Outcome:
    """What became of an order, as its user saw it. `job_ids` are all that its POSTs were answered with,
    `cancel` is the status code that answered its DELETE."""

    key: str
    user: str
    job_ids: set[str] = field(default_factory=set)
    cancel: int | None = None
    final: dict[str, Any] | None = None
    download: Download | None = None

    @property
    def status(self) -> str | None:
        return None if self.final is None else str(self.final["status"])


@dataclass(frozen=True)
class Told:
    """A message of the jobs channel about a job: `status` is the state that it tells."""

    job_id: str
    status: str
    progress: float | None = None


@dataclass
class Hearing:
    """One connection of a user: what it told, in order, and when it opened and broke (Unix time)."""

    user: str
    opened: float
    told: list[Told] = field(default_factory=list)
    closed: float | None = None
    code: int | None = None


@dataclass(frozen=True)
class Fact:
    """A message of the EVENTS stream about a job, `at` the Unix time at which it was stored. `name` is the
    subject without its version; `state`, `started` are those of the job."""

    at: float
    name: str
    job_id: str
    state: str = ""
    updated_at: float = 0.0
    artifact: Artifact | None = None


@dataclass(frozen=True)
class JobFact:
    """A row of a job; `started` is when its first task was claimed, as far as anybody heard (Unix times)."""

    job_id: str
    owner: str
    key: str
    state: str
    created: float
    started: float | None = None


@dataclass(frozen=True)
class Evidence:
    """What lies behind the API in the end. `events` are in the order of the stream, `objects` are results;
    `uploads` are keys of uploads, `assets` those that have a row; `remains` counts what should be none,
    `handed_back` deliveries of tasks that were not the first."""

    jobs: list[JobFact]
    events: list[Fact]
    objects: dict[str, Artifact]
    results: set[str]
    uploads: set[str]
    assets: set[str]
    remains: dict[str, int]
    handed_back: int = 0


@dataclass(frozen=True)
class Restart:
    """Of one process, by SIGTERM: its exit code, the seconds until it was gone, and those until another was
    ready in its place."""

    name: str
    code: int | None
    gone: float
    ready: float


@dataclass(frozen=True)
class Errand:
    """Work of a family other than jobs, which its user cleared away himself; `problem` says why it did not
    come to its proper end."""

    kind: str
    problem: str | None = None


@dataclass
class Record:
    """Everything of a run. `lengths` are the seconds of the clips, `kills` victims by name, `spared` kills
    that would have taken the last one standing, `trouble` 5xx and broken connections that users met,
    `breaches` answers that the contract does not know. `restarts` and `errands` are those of a rolling
    restart."""

    lengths: list[float]
    outcomes: dict[str, Outcome]
    hearings: list[Hearing]
    evidence: Evidence
    trouble: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    spared: int = 0
    restarts: list[Restart] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    seconds: float = 0.0
