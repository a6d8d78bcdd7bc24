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


async def known_results(
    session: AsyncSession, fingerprints: Collection[str], *, held: bool = False
) -> dict[str, TaskResult]:
    """Results by fingerprint, of those that are known. `held`: none of them is forgotten until the
    transaction ends, so that whoever looks then sees who took it."""
    query = select(ResultRow).where(col(ResultRow.fingerprint).in_(list(fingerprints)))
    if held:
        query = query.order_by(col(ResultRow.fingerprint)).with_for_update(read=True)
    return {row.fingerprint: result_of(row.result) for row in await session.exec(query)}


async def lock_results(session: AsyncSession, fingerprints: Collection[str]) -> None:
    """Wait for those that hold one of them; nobody else takes one until the transaction ends."""
    chosen = select(ResultRow.fingerprint).where(col(ResultRow.fingerprint).in_(list(fingerprints)))
    await session.exec(chosen.order_by(col(ResultRow.fingerprint)).with_for_update())


async def remember_result(session: AsyncSession, fingerprint: str, result: TaskResult) -> None:
    """Keep a result; a later one of the same fingerprint changes nothing."""
    values = {
        "fingerprint": fingerprint,
        "result": msgspec.to_builtins(result),
        "created_at": utcnow(),
    }
    await session.execute(insert(ResultRow).values(values).on_conflict_do_nothing())
