"""Kills processes of a stack as planned, but never the last one standing of a replicated service."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import psutil

from tests.chaos.beside import Beside
from tests.chaos.plan import Kill, siblings
from tests.integration.client import Operator
from tests.stack.harness import Stack

_STANDING = ("ready", "unready")
"""States of a process that has been ready since it started; `unready` while what it needs is away."""


class Monkey(Beside):
    """`kills` counts victims by name, `spared` the kills that were left out."""

    def __init__(self, stack: Stack, operator: Operator, kills: Sequence[Kill]) -> None:
        super().__init__()
        self.kills: Counter[str] = Counter()
        self.spared = 0
        self._stack = stack
        self._operator = operator
        self._plan = kills

    def _work(self) -> None:
        begun = time.monotonic()
        for kill in self._plan:
            if self._done.wait(max(0.0, begun + kill.at - time.monotonic())):
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
