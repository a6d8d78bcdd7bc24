"""Drives real stacks through the command line, with stand-ins for the services and the migrations."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from reelbus.stack.services import SERVICES

STANDIN = Path(__file__).with_name("standin.py")
PATIENCE = 10.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of stacks, which serve plain HTTP: reading the system's certificates for each takes 25 ms."""
Process = dict[str, Any]


def build_workshop(where: Path) -> Path:
    """A working directory whose `services` and `libs` packages win over the real ones."""
    (where / "services").mkdir(parents=True)
    (where / "libs" / "chassis").mkdir(parents=True)
    for package in ("services", "libs", "libs/chassis"):
        (where / package / "__init__.py").touch()
    for service in SERVICES:
        shutil.copy(STANDIN, where / "services" / f"{service.name}.py")
    (where / "libs" / "chassis" / "migrations.py").write_text(
        "def upgrade_all(database_url: str) -> None:\n    print('migrated', flush=True)\n"
    )
    return where


def wait_until(condition: Callable[[], object], within: float = PATIENCE, every: float | None = None) -> None:
    """Ask again and again, in seconds: `every`, for what passes quickly, or else less and less often."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < within, f"not so within {within} s"
        time.sleep(every or pause(waited))


def pause(waited: float) -> float:
    """Seconds until it is worth while to ask again: what answers takes processor time from what is waited
    for."""
    return min(max(0.05, waited / 10), 0.25)


def listener() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken


class Stack:
    """One data directory. `prefix` goes before every command, `env` over the environment."""

    def __init__(
        self, data: Path, workshop: Path, prefix: Sequence[str] = (), env: dict[str, str] | None = None
    ) -> None:
        self.data = data
        self.workshop = workshop
        self.prefix = tuple(prefix)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("REELBUS_")}
        self.env = {**inherited, **(env or {})}

    @property
    def environ(self) -> dict[str, str]:
        """What the command runs with; it names the data directory."""
        return {**self.env, "REELBUS_DATA": str(self.data)}

    def argv(self, *arguments: str) -> list[str]:
        return [*self.prefix, sys.executable, "-m", "reelbus", *arguments]

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.argv(*arguments),
            cwd=self.workshop,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self, *options: str) -> str:
        return self.run("up", "--detach", "--port", "0", *options).stdout

    def down(self) -> None:
        self.run("down")

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "state.json").read_text())
        return found

    @property
    def port(self) -> int:
        return int(self.state()["public_port"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processes(self) -> dict[str, Process]:
        return {process["name"]: process for process in self.state()["processes"]}

    def process(self, name: str) -> Process:
        return self.processes()[name]

    def wait_for(self, name: str, state: str, restarts: int = 0, within: float = PATIENCE) -> Process:
        """Until the process is in that state with at least so many restarts."""

        def reached() -> bool:
            process = self.process(name)
            return bool(process["state"] == state and process["restarts"] >= restarts)

        wait_until(reached, within)
        return self.process(name)

    def switch(self, name: str, what: str, *, on: bool) -> None:
        """See standin.py."""
        path = self.data / "switches" / f"{name}.{what}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch() if on else path.unlink()

    def survivors(self) -> list[str]:
        """Every process on the machine that belongs to this stack."""
        return [" ".join(process.cmdline()) or process.name() for process in self._members()]

    def _members(self) -> Iterator[psutil.Process]:
        mark = str(self.data)
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                if mark in " ".join(process.cmdline()) or process.environ().get("REELBUS_DATA") == mark:
                    yield process
