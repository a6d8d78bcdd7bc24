"""Kills processes of a stack as planned, but never the last one standing of a replicated service."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence

import psutil

from tests.chaos.plan import Kill, siblings
from tests.integration.client import Operator
from tests.stack.harness import Stack

_STANDING = ("ready", "unready")
"""States of a process that has been ready since it started; `unready` while what it needs is away."""


class Monkey:
    """`kills` counts victims by name, `spared` the kills that were left out."""

    def __init__(self, stack: Stack, operator: Operator, kills: Sequence[Kill]) -> None:
        self.kills: Counter[str] = Counter()
        self.spared = 0
        self._stack = stack
        self._operator = operator
        self._plan = kills
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        self._begun = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _work(self) -> None:
        for kill in self._plan:
            if self._done.wait(max(0.0, self._begun + kill.at - time.monotonic())):
                return
            if self._may_die(kill.victim) and self._kill(kill.victim):
                self.kills[kill.victim] += 1
            else:
                self.spared += 1

    def _may_die(self, victim: str) -> bool:
        states = {name: process["state"] for name, process in self._stack.processes().items()}
        return all(states[name] in _STANDING for name in (victim, *siblings(victim)))

    def _kill(self, victim: str) -> bool:
        try:
            self._operator.kill(victim)
        except psutil.NoSuchProcess:
            return False
        return True
