"""What the supervisor tells the other commands: `state.json`, replaced whole at every change."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from reelbus.stack.secrets import write_private


class Phase(StrEnum):
    """Of the whole stack."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class ProcessState(StrEnum):
    """Of one process; `unready` was ready before and answers no more, `failed` never got ready."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    UNREADY = "unready"
    BACKOFF = "backoff"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class ProcessStatus:
    """`born` tells a process from a later one with the same pid; `detail` says why it is not ready."""

    name: str
    port: int
    pid: int | None = None
    state: ProcessState = ProcessState.WAITING
    restarts: int = 0
    since: float = 0.0
    born: float | None = None
    detail: str = ""


@dataclass(slots=True)
class StackState:
    """`ports` outlives the processes: the next start reuses them."""

    phase: Phase = Phase.STOPPED
    supervisor: int = 0
    host: str = "127.0.0.1"
    public_port: int = 0
    ports: dict[str, int] = field(default_factory=dict)
    processes: list[ProcessStatus] = field(default_factory=list)
    error: str = ""

    @property
    def public_url(self) -> str:
        """The address to open in a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  (compared, not bound)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.public_port}"

    @property
    def healthy(self) -> bool:
        return self.phase is Phase.READY and all(p.state is ProcessState.READY for p in self.processes)


def save(path: Path, state: StackState) -> None:
    write_private(path, json.dumps(asdict(state), indent=1))


def load(path: Path) -> StackState:
    """A fresh state when the file is missing or unreadable as such."""
    try:
        raw: dict[str, Any] = json.loads(path.read_text())
        processes = [_process(entry) for entry in raw.pop("processes")]
        return StackState(**{**raw, "phase": Phase(raw["phase"]), "processes": processes})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return StackState()


def _process(raw: dict[str, Any]) -> ProcessStatus:
    return ProcessStatus(**{**raw, "state": ProcessState(raw["state"])})
