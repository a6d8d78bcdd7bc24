"""The stack under test: started detached in a directory of its own, and looked at from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from reelbus.stack import connection, state
from reelbus.stack.connection import StackConnection
from reelbus.stack.layout import Layout

SAMPLE_EVERY = 0.05


class Stack:
    def __init__(self, data: Path) -> None:
        self.data = data

    def up(self) -> float:
        """Start it; the seconds until `reelbus up --detach` returned."""
        begun = time.perf_counter()
        self.reelbus("up", "--detach", "--port", "0")
        return time.perf_counter() - begun

    def down(self) -> None:
        self.reelbus("down")

    def reelbus(self, *command: str) -> str:
        """What a command prints that succeeds."""
        argv = [sys.executable, "-m", "reelbus", *command]
        env = {**os.environ, "REELBUS_RATE_LIMITS": "off", "REELBUS_DATA": str(self.data)}
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
        if done.returncode:
            raise SystemExit(f"reelbus {command[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def connection(self) -> StackConnection:
        return connection.load(self.data)

    @property
    def _state(self) -> state.StackState:
        return state.load(Layout.at(self.data).state)

    @property
    def url(self) -> str:
        return self._state.public_url

    @property
    def public_port(self) -> int:
        return self._state.public_port

    def port(self, name: str) -> int:
        return self._state.ports[name]

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Every process, with what it started, by the name that the supervisor gave it."""
        current = self._state
        roots = {"supervisor": psutil.Process(current.supervisor)}
        roots |= {each.name: psutil.Process(each.pid) for each in current.processes if each.pid}
        return {
            name: [root, *(root.children(recursive=True) if name != "supervisor" else [])]
            for name, root in roots.items()
        }

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time used so far, by process name, ended children included."""
        used = {}
        for name, members in self.processes().items():
            used[name] = 0.0
            for member in members:
                with suppress(psutil.Error):
                    times = member.cpu_times()
                    used[name] += times.user + times.system
            with suppress(psutil.Error):
                times = members[0].cpu_times()
                used[name] += times.children_user + times.children_system
        return used


class Spent:
    """CPU seconds by process within a block."""

    def __init__(self) -> None:
        self.by_process: dict[str, float] = {}


@contextmanager
def spending(stack: Stack) -> Iterator[Spent]:
    spent, before = Spent(), stack.cpu_seconds()
    yield spent
    after = stack.cpu_seconds()
    spent.by_process = {name: round(after[name] - before.get(name, 0.0), 2) for name in after}


class Peak:
    """Resident memory of processes before and at most, in MiB (2^20 bytes)."""

    def __init__(self, before: float) -> None:
        self.before = before
        self.highest = before

    @property
    def growth(self) -> float:
        return self.highest - self.before


def resident(stack: Stack, name: str) -> float:
    """Resident memory of the processes called `name`, in MiB."""
    return sum(member.memory_info().rss for member in stack.processes()[name]) / 2**20


@contextmanager
def watching_memory(stack: Stack, name: str) -> Iterator[Peak]:
    """Samples the processes called `name` while the block runs."""
    done = threading.Event()
    peak = Peak(resident(stack, name))

    def sample() -> None:
        while not done.wait(SAMPLE_EVERY):
            peak.highest = max(peak.highest, resident(stack, name))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield peak
    finally:
        done.set()
        sampler.join()
