"""Reads and writes of the tables of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from libs.chassis.database import Database
from libs.contracts.base import utcnow
from libs.contracts.errors import NotFoundError
from libs.contracts.media import MediaInfo, ObjectRef
from libs.contracts.sessions import MotionSession
from services.sessions.models import ArtifactRow, SessionRow

GONE = "There is no such session, or it has expired."


@dataclass(frozen=True)
class Patience:
    """Of who cleans: after `lease` a cleaner counts as dead; what comes late is looked for after `look`, and
    then after twice, four times, … as long; after `tombstone` nothing comes any more."""

    lease: timedelta
    look: timedelta
    tombstone: timedelta


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, row: SessionRow) -> SessionRow:
        """Write a new session, or find the one that its video has already."""
        async with self._database.transaction() as session:
            values = row.model_dump()
            await session.execute(insert(SessionRow).values(values).on_conflict_do_nothing())
            query = select(SessionRow).where(SessionRow.asset_id == row.asset_id, *_open(row.owner))
            return _found((await session.exec(query)).first())

    async def get(self, session_id: UUID, owner: str | None) -> SessionRow:
        """An open session of `owner` (`None`: anybody's). Raises `NotFoundError`."""
        async with self._database.transaction() as session:
            return _found((await session.exec(_query(session_id, owner))).first())

    async def close(self, session_id: UUID, owner: str) -> SessionRow:
        """Nobody finds the session any more; the caller is the one to clean it. Raises `NotFoundError`."""
        async with self._database.transaction() as session:
            row = _found((await session.exec(_query(session_id, owner).with_for_update())).first())
            row.closed_at = row.taken_at = utcnow()
            return row

    async def note(self, session_id: UUID, key: str) -> None:
        """An object of the session is about to be stored. Raises `NotFoundError` unless it is open; who
        closes it finds the note."""
        async with self._database.transaction() as session:
            _found((await session.exec(_query(session_id, None).with_for_update(read=True))).first())
            values = {"session_id": session_id, "key": key}
            await session.execute(insert(ArtifactRow).values(values).on_conflict_do_nothing())

    async def artifacts(self, session_id: UUID) -> list[str]:
        """Keys of what was noted."""
        query = select(ArtifactRow.key).where(ArtifactRow.session_id == session_id)
        async with self._database.transaction() as session:
            return list(await session.exec(query))

    async def take(self, patience: Patience) -> SessionRow | None:
        """A session that has to be cleaned, closed by this if it has expired; nobody else takes it for the
        time of a lease. `None` when there is none."""
        now = utcnow()
        closed, cleaned = col(SessionRow.closed_at), col(SessionRow.cleaned_at)
        query = (
            select(SessionRow)
            .where(
                or_(col(SessionRow.taken_at).is_(None), col(SessionRow.taken_at) <= now - patience.lease),
                or_(
                    and_(closed.is_(None), col(SessionRow.expires_at) <= now),
                    and_(closed.is_not(None), cleaned.is_(None)),
                    closed <= now - patience.tombstone,
                    and_(cleaned <= now - patience.look, now - cleaned >= cleaned - closed),
                ),
            )
            .order_by(col(SessionRow.expires_at))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        async with self._database.transaction() as session:
            row = (await session.exec(query)).first()
            if row is not None:
                row.closed_at = row.closed_at or now
                row.taken_at = now
            return row

    async def cleaned(self, session_id: UUID) -> None:
        """Everything of a closed session was removed, as of now."""
        async with self._database.transaction() as session:
            await session.execute(
                update(SessionRow)
                .where(col(SessionRow.session_id) == session_id)
                .values(cleaned_at=utcnow(), taken_at=None)
            )

    async def forget(self, session_id: UUID) -> None:
        async with self._database.transaction() as session:
            await session.exec(delete(SessionRow).where(col(SessionRow.session_id) == session_id))


def _query(session_id: UUID, owner: str | None) -> SelectOfScalar[SessionRow]:
    return select(SessionRow).where(SessionRow.session_id == session_id, *_open(owner))


def _open(owner: str | None) -> list[ColumnElement[bool]]:
    condition = [col(SessionRow.closed_at).is_(None), col(SessionRow.expires_at) > utcnow()]
    return condition if owner is None else [*condition, col(SessionRow.owner) == owner]


def _found(row: SessionRow | None) -> SessionRow:
    if row is None:
        raise NotFoundError(GONE)
    return row


def session_of(row: SessionRow) -> MotionSession:
    """The session as others see it."""
    return MotionSession(
        session_id=row.session_id,
        owner=row.owner,
        asset_id=row.asset_id,
        name=row.name,
        duration=row.duration,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def video_of(row: SessionRow) -> tuple[ObjectRef, MediaInfo]:
    return msgspec.convert(row.object, ObjectRef), msgspec.convert(row.info, MediaInfo)
