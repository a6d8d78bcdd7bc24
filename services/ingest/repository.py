"""Reads and writes of ingest's tables; messages leave with them through the outbox."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import or_
from sqlmodel import col, delete, select

from libs.chassis.database import Database
from libs.chassis.outbox import Outbox
from libs.contracts.base import utcnow
from libs.contracts.errors import NotFoundError
from libs.contracts.media import MEDIA_INGESTED, Asset, MediaInfo, MediaIngested, ObjectRef
from services.ingest.models import OUTBOX, AssetRow, UploadRow


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._outbox = Outbox(OUTBOX)

    async def begin(self, row: UploadRow) -> None:
        async with self._database.transaction() as session:
            session.add(row)

    async def upload(self, asset_id: UUID) -> UploadRow:
        """Raises `NotFoundError` unless the upload is under way."""
        async with self._database.transaction() as session:
            row = await session.get(UploadRow, asset_id)
        if row is None or row.abandoned_at is not None:
            raise NotFoundError("There is no such upload.")
        return row

    async def complete(self, asset: Asset, *, family: str, channel: str | None) -> None:
        """Turn the upload into an asset and say so. Raises `NotFoundError` when it was given up."""
        async with self._database.transaction() as session:
            gone = await session.exec(
                delete(UploadRow)
                .where(col(UploadRow.asset_id) == asset.asset_id, col(UploadRow.abandoned_at).is_(None))
                .returning(col(UploadRow.asset_id))
            )
            if gone.first() is None:
                raise NotFoundError("There is no such upload.")
            session.add(_row(asset))
            await self._outbox.add(
                session,
                MEDIA_INGESTED.subject,
                MediaIngested(asset=asset, family=family, channel=channel),
                message_id=f"{asset.asset_id}.ingested",
            )

    async def abandon(self, asset_id: UUID) -> UploadRow | None:
        """Mark an upload, or an asset that was just made of one, as given up; `None` when there is none.
        The row stays until storage is clean."""
        async with self._database.transaction() as session:
            row = await session.get(UploadRow, asset_id, with_for_update=True)
            asset = await session.get(AssetRow, asset_id, with_for_update=True)
            if asset is not None:
                row = UploadRow(
                    asset_id=asset_id,
                    owner=asset.owner,
                    name=asset.name,
                    declared_type=asset.declared_type,
                    key=asset.key,
                    begun_at=asset.created_at,
                )
                await session.delete(asset)
                session.add(row)
            if row is not None and row.abandoned_at is None:
                row.abandoned_at = utcnow()
            return row

    async def forget(self, asset_id: UUID) -> None:
        """Remove the row of an abandoned upload."""
        async with self._database.transaction() as session:
            await session.exec(delete(UploadRow).where(col(UploadRow.asset_id) == asset_id))

    async def stale(self, older_than: timedelta, limit: int = 100) -> list[UploadRow]:
        """Uploads that were abandoned, or begun so long ago that nobody completes them any more."""
        async with self._database.transaction() as session:
            found = await session.exec(
                select(UploadRow)
                .where(
                    or_(
                        col(UploadRow.abandoned_at).is_not(None),
                        col(UploadRow.begun_at) < utcnow() - older_than,
                    )
                )
                .order_by(col(UploadRow.begun_at))
                .limit(limit)
            )
            return list(found)

    async def asset(self, asset_id: UUID, owner: str) -> Asset:
        """Raises `NotFoundError` when there is none or it is somebody else's."""
        async with self._database.transaction() as session:
            row = await session.get(AssetRow, asset_id)
        if row is None or row.owner != owner:
            raise NotFoundError("There is no such file.")
        return _asset(row)


def _row(asset: Asset) -> AssetRow:
    return AssetRow(
        asset_id=asset.asset_id,
        owner=asset.owner,
        name=asset.name,
        declared_type=asset.declared_type,
        key=asset.object.key,
        size=asset.object.size,
        sha256=asset.object.sha256,
        content_type=asset.object.content_type,
        info=msgspec.to_builtins(asset.info),
        probe_error=asset.probe_error,
        created_at=asset.created_at,
    )


def _asset(row: AssetRow) -> Asset:
    return Asset(
        asset_id=row.asset_id,
        owner=row.owner,
        name=row.name,
        declared_type=row.declared_type,
        object=ObjectRef(key=row.key, size=row.size, sha256=row.sha256, content_type=row.content_type),
        info=msgspec.convert(row.info, MediaInfo) if row.info is not None else None,
        probe_error=row.probe_error,
        created_at=row.created_at,
    )
