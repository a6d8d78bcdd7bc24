"""What Motion Photo sessions leave behind."""

from __future__ import annotations

import asyncio

from tests.integration.client import Operator

UNFINISHED = (
    "SELECT count(*) FROM jobs.tasks WHERE service = 'sessions'"
    " AND state IN ('blocked', 'waiting', 'released', 'running')"
)


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
