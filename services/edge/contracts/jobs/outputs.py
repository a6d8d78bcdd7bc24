"""What came out of jobs, as something to be served."""

from __future__ import annotations

from libs.chassis.storage import Storage
from services.edge.contracts.jobs.records import Records
from services.edge.downloads import Content
from services.edge.stored import stored_content


class Outputs:
    def __init__(self, records: Records, storage: Storage) -> None:
        self._records = records
        self._storage = storage

    async def content(self, job_id: str, name: str, owner: str) -> Content:
        """Raises `NotFoundError`, also while there is none yet."""
        found = await self._records.output(job_id, name, owner)
        return await stored_content(self._storage, found.artifact)
