"""What the commands do to a stack that runs in another process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from reelbus.stack import lock, logs, ports, state
from reelbus.stack.errors import AlreadyRunningError, NotRunningError, StackError, StartError
from reelbus.stack.layout import Layout
from reelbus.stack.state import Phase, ProcessState, StackState

POLL = 0.05
# Seconds after which `down` asks again, without grace, and after which it kills the supervisor.
HURRY_AFTER = 60.0
KILL_AFTER = 90.0
CULPRIT_LINES = 20


def current_state(layout: Layout) -> StackState:
    """What runs now; all stopped when no supervisor holds the lock, whatever the file says."""
    found = state.load(layout.state)
    if lock.holder(layout.lock) is None:
        found.phase = Phase.STOPPED
        for process in found.processes:
            process.state, process.pid = ProcessState.STOPPED, None
    return found


def refuse_second(layout: Layout) -> None:
    """Raises AlreadyRunningError when a stack runs in this data directory."""
    if lock.holder(layout.lock) is not None:
        url = state.load(layout.state).public_url
        raise AlreadyRunningError(
            f"A stack already runs in {layout.root}, at {url}. Stop it: reelbus down --data {layout.root}"
        )


def start_detached(
    layout: Layout, show: Callable[[StackState], None], *, host: str, port: int, replicas: int, timeout: float
) -> StackState:
    """Start a supervisor of its own session and wait until everything is ready.

    Raises:
        StackError: it cannot; nothing of it runs any more.
    """
    layout.create()
    refuse_second(layout)
    if port:
        ports.public(host, port)
    child = _spawn_supervisor(layout, host, port, replicas, timeout)
    try:
        return _await_ready(layout, child, show)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise


def stop(layout: Layout) -> None:
    """Stop the stack and wait until all of it is gone.

    Raises:
        NotRunningError: there is none.
    """
    pid = lock.holder(layout.lock)
    if pid is None:
        raise NotRunningError(f"No stack runs in {layout.root}.")
    begun = time.monotonic()
    for signum, until in (
        (signal.SIGTERM, HURRY_AFTER),
        (signal.SIGTERM, KILL_AFTER),
        (signal.SIGKILL, KILL_AFTER + 10),
    ):
        _signal(pid, signum)
        while time.monotonic() - begun < until:
            if lock.holder(layout.lock) is None and not _runs(pid):
                return
            time.sleep(POLL)
    raise StackError(f"The supervisor (process {pid}) does not end.")


def _spawn_supervisor(
    layout: Layout, host: str, port: int, replicas: int, timeout: float
) -> subprocess.Popen[bytes]:
    log = layout.log("supervisor")
    logs.rotate(log)
    options = ("--host", host, "--port", str(port), "--replicas", str(replicas), "--timeout", str(timeout))
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "reelbus", "up", "--quiet", "--data", str(layout.root), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _await_ready(
    layout: Layout, child: subprocess.Popen[bytes], show: Callable[[StackState], None]
) -> StackState:
    while True:
        ended = child.poll() is not None
        found = state.load(layout.state)
        if found.supervisor == child.pid:
            show(found)
            if found.phase is Phase.READY and not ended:
                return found
        if ended:
            own = found.error if found.supervisor == child.pid else ""
            raise StartError(own or _last_words(layout))
        time.sleep(POLL)


def _last_words(layout: Layout) -> str:
    last = "\n".join(f"  {line}" for line in logs.tail(layout.log("supervisor"), CULPRIT_LINES))
    return f"The supervisor ended. The end of {layout.log('supervisor')}:\n{last}"


def _signal(pid: int, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signum)


def _runs(pid: int) -> bool:
    """False for a zombie too: its parent may take its time."""
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
