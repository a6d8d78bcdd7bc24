"""A migrated database for each test, and rows to put into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
from sqlmodel import col, select

from libs.chassis.database import Database, asyncpg_url
from libs.chassis.settings import DatabaseSettings
from libs.contracts.base import Message
from libs.contracts.jobs import EnhanceSpec, JobSpec
from libs.contracts.rpc import Submission, SubmitJobs
from libs.contracts.tasks import Task
from services.jobs.models import JobRow, TaskRow
from services.jobs.repository import Repository
from services.jobs.submission import Submitter
from tests.chassis.servers import Postgres
from tests.unit.samples import asset


async def execute(url: str, sql: str, *args: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(asyncpg_url(url))
    try:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
        return rows
    finally:
        await connection.close()


def create(postgres: Postgres, template: str | None = None) -> str:
    """The URL of a new database."""
    name = f"t{uuid4().hex[:12]}"
    options = f' TEMPLATE "{template}"' if template else ""
    asyncio.run(execute(postgres.url("postgres"), f'CREATE DATABASE "{name}"{options}'))
    return postgres.url(name)


@asynccontextmanager
async def opened(url: str, pool: int = 8) -> AsyncIterator[Database]:
    database = Database(DatabaseSettings(database_url=url, database_pool=pool))
    try:
        yield database
    finally:
        await database.close()


class Jobs:
    """Submits jobs over assets whose bytes are numbers: equal numbers are twins."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.repository = Repository(database)
        self._content: dict[UUID, int] = {}
        self._serial = 0

    def _submitter(self) -> Submitter:
        async def get_asset(asset_id: UUID, owner: str) -> Any:
            return asset(owner=owner, asset_id=asset_id, sha256=f"{self._content[asset_id]:064x}")

        return Submitter(self.repository, get_asset, time_limit=60)

    def request(
        self,
        count: int = 1,
        *,
        owner: str = "public",
        channel: str | None = None,
        lane: str = "interactive",
        content: int | None = None,
        kind: Callable[..., JobSpec] = EnhanceSpec,
    ) -> SubmitJobs:
        submissions = []
        for _ in range(count):
            self._serial += 1
            asset_id = UUID(int=self._serial)
            self._content[asset_id] = self._serial if content is None else 10**6 + content
            spec: JobSpec = kind(asset_id=asset_id)
            submissions.append(Submission(key=f"k{self._serial}", spec=spec, lane=lane))
        return SubmitJobs(owner=owner, family="enhancement", submissions=submissions, channel=channel)

    async def send(self, request: SubmitJobs) -> list[UUID]:
        return [job.job_id for job in await self._submitter().submit(request)]

    async def submit(self, count: int = 1, **options: Any) -> list[UUID]:
        """Ids of the jobs, in order."""
        return await self.send(self.request(count, **options))

    async def tasks(self, *states: str) -> list[TaskRow]:
        """In order of release, then of creation."""
        async with self.database.transaction() as session:
            query = select(TaskRow).order_by(
                col(TaskRow.released_at).asc().nulls_last(), col(TaskRow.created_at), col(TaskRow.task_id)
            )
            rows = list(await session.exec(query))
        return [row for row in rows if not states or row.state in states]

    async def task_of(self, job_id: UUID) -> TaskRow:
        return next(row for row in await self.tasks() if row.job_id == job_id)

    async def job(self, job_id: UUID) -> JobRow:
        async with self.database.transaction() as session:
            row = await session.get(JobRow, job_id)
        assert row is not None
        return row

    async def released(self) -> list[UUID]:
        """Jobs whose task went to the stream, in the order of the outbox."""
        rows = await self.outbox("tasks.%")
        return [msgspec.json.decode(row["payload"], type=Task).job_id for row in rows]

    async def outbox(self, like: str = "%") -> Sequence[asyncpg.Record]:
        return await execute(
            self.database.url, "SELECT * FROM jobs.outbox WHERE subject LIKE $1 ORDER BY id", like
        )


class Happened(Message, frozen=True, kw_only=True):
    number: int
