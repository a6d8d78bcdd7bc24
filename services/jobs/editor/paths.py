"""Public paths that nobody else has."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.jobs.editor.locks import lock_paths
from services.jobs.editor.naming import distinct, variants
from services.jobs.models import VideoRow

_AHEAD = 100


async def free_paths(session: AsyncSession, wanted: Sequence[str]) -> list[str]:
    """The wanted paths in their order, numbered where they are taken. They stay free for this transaction:
    whoever else wants some waits for its end, so that no two of them meet at the unique index."""
    await lock_paths(session)
    taken: set[str] = set()
    asked: set[str] = set()
    while True:
        chosen = distinct(wanted, taken)
        if asked.issuperset(chosen):
            return chosen
        more = set(chosen)
        for path, found in zip(wanted, chosen, strict=True):
            if path in taken and found not in asked:
                rest = (each for each in variants(path) if each not in asked)
                more.update(islice(rest, _AHEAD))
        query = select(VideoRow.path).where(col(VideoRow.path).in_(sorted(more - asked)))
        taken.update(path for path in await session.exec(query) if path is not None)
        asked |= more
