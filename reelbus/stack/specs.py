"""What a supervised process is, as data. Building these runs nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

# Returns when the answer is good and raises `probes.NotReadyError` with the reason when it is not.
Probe = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that runs to its end; its output goes to the log called `log`.

    With `produces` it runs only while that path is missing: it writes `staging`, which then takes the name
    `produces`, so that an interrupted run leaves nothing half made.
    """

    log: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    produces: Path | None = None
    staging: Path | None = None
    run_as: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One long-running child.

    `needs` names processes that must be usable first; `prepare` runs before each start, `finish` once after
    the first readiness and before those that need this one. Processes stop from the highest `rank` to the
    lowest, equal ranks together: `stop_signal`, `grace` seconds, then SIGKILL. `run_as` is a uid (and gid).
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    port: int
    rank: int
    ready: Probe
    live: Probe
    needs: tuple[str, ...] = ()
    prepare: tuple[Command, ...] = ()
    finish: tuple[Command, ...] = ()
    stop_signal: Signals = Signals.SIGTERM
    grace: float = 10.0
    run_as: int | None = None
