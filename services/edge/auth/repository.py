"""Reads and writes of the table of API keys."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from uuid_utils.compat import uuid7

from libs.chassis.batches import Batches
from libs.chassis.database import Database
from libs.contracts.base import utcnow
from libs.contracts.errors import InternalError, NotFoundError
from services.edge.auth.api_keys import ApiKey, CreatedKey, new_key, stored
from services.edge.models import ApiKeyRow

LISTED = 500
_USE_NOTED = timedelta(minutes=1)
_TRIALS = 5
_MAX_BATCH = 200
"""Keys of one look-up."""


class KeyRepository:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: Batches[None, str, ApiKeyRow] = Batches(self._load, lambda _: _MAX_BATCH)

    async def create(self, user_id: str, scopes: list[str], name: str) -> CreatedKey:
        for _ in range(_TRIALS):  # two keys with one prefix: once in 2.8 · 10¹² keys
            secret = new_key()
            form = stored(secret)
            assert form is not None
            row = ApiKeyRow(
                key_id=uuid7(),
                user_id=user_id,
                scopes=scopes,
                name=name,
                prefix=form.prefix,
                digest=form.digest,
                created_at=utcnow(),
            )
            if await self._inserted(row):
                return CreatedKey(key=key_of(row), secret=secret)
        raise InternalError("No free prefix for a key was found.")

    async def find(self, prefix: str) -> ApiKeyRow | None:
        """Read anew for everybody who asks, so that a key that is revoked opens nothing from then on, on any
        replica."""
        return await self._keys.get(None, prefix)

    async def _load(self, _: None, prefixes: list[str]) -> dict[str, ApiKeyRow]:
        async with self._database.transaction() as session:
            await _autocommit(session)
            rows = await session.exec(select(ApiKeyRow).where(col(ApiKeyRow.prefix).in_(prefixes)))
            return {row.prefix: row for row in rows}

    async def note_use(self, row: ApiKeyRow) -> None:
        """The key was used now; written once a minute at most."""
        now = utcnow()
        if row.last_used_at is not None and row.last_used_at > now - _USE_NOTED:
            return
        used = col(ApiKeyRow.last_used_at)
        statement = (
            update(ApiKeyRow)
            .where(col(ApiKeyRow.key_id) == row.key_id, or_(used.is_(None), used <= now - _USE_NOTED))
            .values(last_used_at=now)
        )
        async with self._database.transaction() as session:
            await _autocommit(session)
            await session.execute(statement)

    async def list(self, user_id: str | None) -> list[ApiKeyRow]:
        """The newest `LISTED` of a user, or of everybody; the newest first."""
        query = select(ApiKeyRow).order_by(col(ApiKeyRow.created_at).desc(), col(ApiKeyRow.key_id).desc())
        if user_id is not None:
            query = query.where(ApiKeyRow.user_id == user_id)
        async with self._database.transaction() as session:
            return [*await session.exec(query.limit(LISTED))]

    async def revoke(self, key_id: UUID) -> ApiKeyRow:
        """Once is enough: the time of the first one stays. Raises `NotFoundError`."""
        async with self._database.transaction() as session:
            row = await session.get(ApiKeyRow, key_id, with_for_update=True)
            if row is None:
                raise NotFoundError("There is no such key.")
            row.revoked_at = row.revoked_at or utcnow()
            return row

    async def _inserted(self, row: ApiKeyRow) -> bool:
        statement = insert(ApiKeyRow).values(row.model_dump()).on_conflict_do_nothing()
        async with self._database.transaction() as session:
            found = await session.execute(statement.returning(col(ApiKeyRow.key_id)))
            return found.first() is not None


def key_of(row: ApiKeyRow) -> ApiKey:
    """The key as others see it."""
    return ApiKey(**{name: getattr(row, name) for name in ApiKey.__struct_fields__})


async def _autocommit(session: AsyncSession) -> None:
    """One statement alone, without the round trips of a transaction around it."""
    await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
