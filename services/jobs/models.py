"""Tables of the schema `jobs`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from libs.chassis.database import schema_metadata
from libs.chassis.outbox import outbox_table

METADATA = schema_metadata("jobs")
OUTBOX = outbox_table(METADATA)


class Base(SQLModel, registry=registry(metadata=METADATA)):
    pass


class JobRow(Base, table=True):
    """A job. `state` is a `JobState`, `spec` a `JobSpec`, `result` a `TaskResult`."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("owner", "key"),
        Index("ix_jobs_channel_updated_at", "channel", "updated_at"),
        Index("ix_jobs_owner_created_at", "owner", text("created_at DESC")),
    )

    job_id: UUID = Field(primary_key=True)
    key: str
    owner: str
    family: str
    kind: str
    asset_id: UUID
    channel: str | None = None
    lane: str
    state: str
    progress: float = 0.0
    spec: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))


class TaskRow(Base, table=True):
    """A task of a job. `state` is a `TaskState`, `payload` the `Task` as workers get it,
    `trace` the headers of the request that it came from: released later, it still belongs to that trace."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_job_id", "job_id"),
        Index("ix_tasks_fingerprint", "fingerprint"),
        Index(
            "ix_tasks_open",
            "service",
            "state",
            postgresql_where=text("state IN ('waiting', 'released', 'running')"),
        ),
    )

    task_id: UUID = Field(primary_key=True)
    job_id: UUID = Field(foreign_key="jobs.jobs.job_id")
    position: int
    name: str
    service: str
    lane: str
    owner: str
    share: str
    fingerprint: str
    state: str
    needs: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    weight: float = 1.0
    fraction: float = 0.0
    payload: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    trace: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    released_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class ResultRow(Base, table=True):
    """What a task of this fingerprint produces: doing it again would give the same."""

    __tablename__ = "results"

    fingerprint: str = Field(primary_key=True)
    result: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
