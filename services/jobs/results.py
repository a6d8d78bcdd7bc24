"""What tasks are known to produce, by fingerprint."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.tasks import TaskResult
from services.jobs.models import ResultRow
from services.jobs.rows import result_of


async def known_results(session: AsyncSession, fingerprints: Collection[str]) -> dict[str, TaskResult]:
    """Results by fingerprint, of those that are known."""
    rows = await session.exec(select(ResultRow).where(col(ResultRow.fingerprint).in_(list(fingerprints))))
    return {row.fingerprint: result_of(row.result) for row in rows}


async def remember_result(session: AsyncSession, fingerprint: str, result: TaskResult) -> None:
    """Keep a result; a later one of the same fingerprint changes nothing."""
    values = {
        "fingerprint": fingerprint,
        "result": msgspec.to_builtins(result),
        "created_at": utcnow(),
    }
    await session.execute(insert(ResultRow).values(values).on_conflict_do_nothing())
