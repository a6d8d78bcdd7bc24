"""What Motion Photo sessions and jobs leave behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import psutil

from tests.integration.client import Operator

OPEN = ("blocked", "waiting", "released", "running")
"""States of tasks that have not ended."""
UNFINISHED = f"SELECT count(*) FROM jobs.tasks WHERE service = 'sessions' AND state IN {OPEN}"


class Traces:
    """What sessions leave: open rows, assets, uploads under way, objects, unfinished tasks and uploads."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def rows(self) -> tuple[int, ...]:
        (counts,) = self._operator.sql(
            "SELECT (SELECT count(*) FROM sessions.sessions WHERE closed_at IS NULL OR cleaned_at IS NULL),"
            " (SELECT count(*) FROM ingest.assets), (SELECT count(*) FROM ingest.uploads),"
            f" ({UNFINISHED})"
        )
        return tuple(counts)

    def objects(self) -> tuple[list[str], list[str], int]:
        noted = [key for (key,) in self._operator.sql("SELECT key FROM sessions.artifacts")]
        storage = self._operator.connection.storage()

        async def find() -> tuple[list[str], list[str], int]:
            unfinished = [await storage.unfinished_uploads(key) for key in noted]
            return await storage.keys("uploads/"), await storage.keys("sessions/"), sum(unfinished)

        try:
            return asyncio.run(find())
        finally:
            storage.close()

    def all(self) -> tuple[object, ...]:
        return (*self.rows(), *self.objects(), len(self._operator.scratch_files()))


class OfJob:
    """What a job leaves: processes, scratch files, open tasks, artifacts, uploads to them, and notes that
    something has still to be removed."""

    def __init__(self, operator: Operator, job_id: str) -> None:
        self._operator = operator
        self._job_id = job_id

    def all(self) -> dict[str, Any]:
        """By name; empty when nothing is left."""
        rows, tasks = self._rows(), self.tasks()
        content = [fingerprint for _, fingerprint, _ in rows if fingerprint]
        removing = "SELECT count(*) FROM jobs.discards WHERE fingerprint = ANY($1)"
        ((noted,),) = self._operator.sql(removing, content)
        artifacts, uploads = self._stored(content)
        found: dict[str, Any] = {
            "processes": self.processes(tasks),
            "scratch": [path for path in self._operator.scratch_files() if _of(str(path), tasks)],
            "open": [state for _, _, state in rows if state in OPEN],
            "artifacts": artifacts,
            "uploads": uploads,
            "to be removed": noted,
        }
        return {name: left for name, left in found.items() if left}

    def tasks(self) -> list[str]:
        return [task_id for task_id, _, _ in self._rows()]

    def _rows(self) -> list[tuple[str, str, str]]:
        """Ids, fingerprints and states."""
        query = "SELECT task_id::text, fingerprint, state FROM jobs.tasks WHERE job_id = $1::uuid"
        return self._operator.sql(query, self._job_id)

    def processes(self, tasks: list[str]) -> list[str]:
        """Tools that run in the scratch folder of a task."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):  # one that just went away
                if process.status() != psutil.STATUS_ZOMBIE and _of(process.cwd(), tasks):
                    found.append(" ".join(process.cmdline()))
        return found

    def _stored(self, content: list[str]) -> tuple[list[str], int]:
        storage = self._operator.connection.storage()

        async def find() -> tuple[list[str], int]:
            keys = [key for each in content for key in await storage.keys(f"results/{each}/")]
            outputs = [f"results/{each}/output.mp4" for each in content]
            return keys, sum([await storage.unfinished_uploads(key) for key in outputs])

        try:
            return asyncio.run(find())
        finally:
            storage.close()


def _of(path: str, tasks: list[str]) -> bool:
    return any(task_id in path for task_id in tasks)
