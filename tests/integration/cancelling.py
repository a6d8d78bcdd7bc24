"""Jobs that are cancelled, and what must be true of them then."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.integration.leftovers import OfJob
from tests.integration.office import Colleague, Listening
from tests.stack.harness import wait_until

CANCELLED = ("JOB_UPDATE", "CANCELLED")
LINGER = 0.5
"""Seconds in which what is left would be removed, were the work taken to have ended."""


@dataclass(frozen=True)
class Job:
    """A job of Ann's that is under way, and a socket that is told of it."""

    ann: Colleague
    job_id: str
    socket: Listening
    left: OfJob
    log: Path
    """Of the worker beside the stack."""

    def cancel(self) -> None:
        answer = self.ann.http.delete(f"/jobs/{self.job_id}")
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")

    def is_stopping(self) -> None:
        """The worker beside the stack was told, and a while has gone by."""
        tasks = self.left.tasks()
        wait_until(lambda: any(task_id in line for task_id in tasks for line in self._told()))
        wait_until(lambda: CANCELLED in self.socket.of(self.job_id))
        time.sleep(LINGER)

    def _told(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if "task cancelled" in line]

    def is_over(self) -> None:
        """Nothing is left, and the end was told once, last."""
        wait_until(lambda: CANCELLED in self.socket.of(self.job_id))
        wait_until(lambda: not self.left.all())
        again = self.ann.http.delete(f"/jobs/{self.job_id}")
        assert (again.status_code, again.json()["status"]) == (200, "CANCELLED")
        found = self.ann.look(self.job_id)
        assert (found["status"], found["output_data"], found["error_message"]) == ("CANCELLED", None, None)
        self.socket.send("PING")
        wait_until(lambda: self.socket.told[-1]["type"] == "PONG")
        told = self.socket.of(self.job_id)
        assert (told.count(CANCELLED), told[-1]) == (1, CANCELLED)
        assert {kind for kind, _ in told} == {"JOB_UPDATE"}
        assert self.left.all() == {}
