"""Starts child processes and makes sure that nothing they leave behind survives them."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import anyio
import psutil
from anyio.abc import Process

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
SWEEPS = 5


def become_subreaper() -> bool:
    """From now on orphans of our children become our children; False where the system cannot do that."""
    if sys.platform != "linux":
        return False
    done: int = ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return done == 0


def kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class Spawner:
    """Every child leads a session and process group of its own.

    With `adopts` (this process is a subreaper) all children must be started here: `sweep` kills any other. To
    be used from the main thread alone: Linux sends the parent-death signal when the starting *thread* ends.
    """

    def __init__(self, *, adopts: bool) -> None:
        self._adopts = adopts
        self._own: set[int] = set()
        self._turn = anyio.Lock()

    async def start(
        self, argv: Sequence[str], env: Mapping[str, str], log: Path, run_as: int | None
    ) -> Process:
        """Output is appended to `log`. Raises OSError when the program cannot be run."""
        async with self._turn:
            with log.open("ab") as output:
                process = await anyio.open_process(
                    list(argv),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=env,
                    start_new_session=True,
                    user=run_as,
                    group=run_as,
                    extra_groups=None if run_as is None else [],
                )
            self._own.add(process.pid)
        return process

    async def run(self, argv: Sequence[str], env: Mapping[str, str], log: Path, run_as: int | None) -> int:
        """Run to the end; the exit code. The group is killed when this is cancelled."""
        process = await self.start(argv, env, log, run_as)
        try:
            return await process.wait()
        finally:
            await self.bury(process)

    async def bury(self, process: Process) -> int:
        """Kill the process if it lives, the rest of its group and whatever it orphaned; its exit code."""
        kill_group(process.pid)
        with anyio.CancelScope(shield=True):
            code = await process.wait()
            self._own.discard(process.pid)
            await self.sweep()
        return code

    async def sweep(self) -> None:
        """Kill and reap adopted orphans, for example an ffmpeg whose worker was killed."""
        if not self._adopts:
            return
        async with self._turn:
            for _ in range(SWEEPS):
                strangers = [child for child in psutil.Process().children() if child.pid not in self._own]
                if not strangers:
                    return
                for stranger in strangers:
                    _end(stranger)
                await anyio.sleep(0.02)


def _end(stranger: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        stranger.kill()
    with suppress(ChildProcessError):
        os.waitpid(stranger.pid, os.WNOHANG)
