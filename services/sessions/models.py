"""Tables of the schema `sessions`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from libs.chassis.database import schema_metadata

METADATA = schema_metadata("sessions")


class Base(SQLModel, registry=registry(metadata=METADATA)):
    pass


class SessionRow(Base, table=True):
    """A session. `object` is the `ObjectRef` of its video, `info` the `MediaInfo`, `duration` seconds.

    It is open until `closed_at`, or until `expires_at` whether somebody has closed it or not. A closed one
    stays as long as something may still come late; `cleaned_at` is when everything of it was last removed,
    `taken_at` since when somebody is about to do that.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_expires_at", "expires_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_sessions_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    )

    session_id: UUID = Field(primary_key=True)
    owner: str
    asset_id: UUID = Field(unique=True)
    name: str
    object: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    info: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    duration: float
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    closed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    cleaned_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    taken_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class ArtifactRow(Base, table=True):
    """An object that a task stores for a session, noted before its first byte is written: an upload that
    died half-way is found by its key alone."""

    __tablename__ = "artifacts"

    session_id: UUID = Field(primary_key=True, foreign_key="sessions.sessions.session_id", ondelete="CASCADE")
    key: str = Field(primary_key=True)
