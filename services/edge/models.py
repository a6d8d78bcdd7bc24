"""Tables of the schema `edge`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, Index, String, Table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from libs.chassis.database import schema_metadata

METADATA = schema_metadata("edge")

RATE_LIMITS = Table(
    "rate_limits",
    METADATA,
    Column("key", String, primary_key=True),
    Column("taken", ARRAY(DateTime(timezone=True)), nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("stale_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
"""When requests were `taken`, oldest first, by key; whether the last one asked for was `granted`; and when
the row means nothing any more. Unlogged: after a crash of the database everybody begins anew."""


class Base(SQLModel, registry=registry(metadata=METADATA)):
    pass


class ApiKeyRow(Base, table=True):
    """An API key: `prefix` is its public beginning, `digest` the SHA-256 of the whole of it."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_user_id_created_at", "user_id", "created_at"),)

    key_id: UUID = Field(primary_key=True)
    user_id: str
    scopes: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    name: str
    prefix: str = Field(unique=True)
    digest: bytes
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    last_used_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
