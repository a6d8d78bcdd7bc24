"""Tables of the schema `ingest`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from libs.chassis.database import schema_metadata
from libs.chassis.outbox import outbox_table

METADATA = schema_metadata("ingest")
OUTBOX = outbox_table(METADATA)


class Base(SQLModel, registry=registry(metadata=METADATA)):
    pass


class UploadRow(Base, table=True):
    """An upload that is not an asset yet. `abandoned_at` is set when it will never be one: the sweeper
    removes what storage holds of it, then the row."""

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_begun_at", "begun_at"),)

    asset_id: UUID = Field(primary_key=True)
    owner: str
    name: str
    declared_type: str
    key: str
    begun_at: datetime = Field(sa_type=DateTime(timezone=True))
    abandoned_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class AssetRow(Base, table=True):
    """A stored media object with its probe (`info`, a `MediaInfo`)."""

    __tablename__ = "assets"
    __table_args__ = (Index("ix_assets_owner_created_at", "owner", text("created_at DESC")),)

    asset_id: UUID = Field(primary_key=True)
    owner: str
    name: str
    declared_type: str
    key: str = Field(unique=True)
    size: int = Field(sa_type=BigInteger)
    sha256: str = Field(index=True)
    content_type: str
    info: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    probe_error: str | None = None
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
