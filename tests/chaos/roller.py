"""Restarts every process of every service, one after another, as a rolling update does: with notice."""

from __future__ import annotations

import json
import signal
import time

import psutil

from reelbus.stack.layout import Layout
from reelbus.stack.services import SERVICES, instances
from tests.chaos.beside import Beside
from tests.chaos.records import Restart
from tests.integration.client import Operator
from tests.stack.harness import Stack

_GONE_WITHIN, _READY_WITHIN = 120.0, 120.0
_PAUSE = 1.0


class Roller(Beside):
    """Goes through all of them whatever else is done by then. `restarts` has one entry for each."""

    def __init__(self, stack: Stack, operator: Operator, replicas: int) -> None:
        super().__init__()
        self.restarts: list[Restart] = []
        self._stack = stack
        self._operator = operator
        self._names = [name for service in SERVICES for name in instances(service, replicas)]

    def _work(self) -> None:
        for name in self._names:
            self.restarts.append(self._restart(name))
            time.sleep(_PAUSE)

    def _restart(self, name: str) -> Restart:
        before = self._stack.process(name)
        process, begun = psutil.Process(before["pid"]), time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(_GONE_WITHIN)
        gone = time.monotonic() - begun
        self._stack.wait_for(name, "ready", restarts=before["restarts"] + 1, within=_READY_WITHIN)
        return Restart(name, self._code(name), gone, time.monotonic() - begun)

    def _code(self, name: str) -> int | None:
        """What the supervisor saw it end with; `None` for a signal."""
        lines = Layout.at(self._stack.data).log("supervisor").read_text().splitlines()
        ends = [each for each in map(json.loads, lines) if each.get("child") == name and "detail" in each]
        last = str(ends[-1]["detail"]).rpartition("exit code ")
        return int(last[2]) if last[1] else None
