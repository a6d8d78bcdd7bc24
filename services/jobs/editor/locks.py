"""Locks that replicas share, until the end of a transaction. Keys of two numbers: their first one keeps them
apart from each other, and from the locks of one number that the chassis takes."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

_LOCK = text("SELECT pg_advisory_xact_lock(:kind, hashtext(:name))")
_QUEUES, _PATHS = 1, 2


async def lock_queue(session: AsyncSession, owner: str, code: str) -> None:
    """Nobody else adds to this queue or executes it."""
    await session.execute(_LOCK, {"kind": _QUEUES, "name": f"{owner}/{code}"})


async def lock_paths(session: AsyncSession) -> None:
    """Nobody else gives public paths to videos. Taken last: its holder waits for no other lock."""
    await session.execute(_LOCK, {"kind": _PATHS, "name": ""})
