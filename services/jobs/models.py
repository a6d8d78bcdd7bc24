"""Tables of the schema `jobs`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Identity, Index, Integer, UniqueConstraint, false, text
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
    """A job. `state` is a `JobState`, `spec` a `JobSpec`, `result` the `TaskResult` of the last task of the
    plan, whose files were deleted at `removed_at`. The tasks of an `independent` job do not share one
    fate."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("owner", "key"),
        Index("ix_jobs_channel_updated_at", "channel", "updated_at"),
        Index(
            "ix_jobs_owner_family_created_at",
            "owner",
            "family",
            text("created_at DESC"),
            text("job_id DESC"),
            postgresql_include=["state"],
        ),
        Index(
            "ix_jobs_unfinished",
            "owner",
            postgresql_where=text("state IN ('pending', 'processing')"),
        ),
        Index(
            "ix_jobs_ended",
            "family",
            "state",
            "created_at",
            "updated_at",
            postgresql_where=text("state IN ('completed', 'failed', 'cancelled')"),
        ),
    )

    job_id: UUID = Field(primary_key=True)
    key: str
    owner: str
    family: str
    kind: str
    asset_id: UUID | None = None
    channel: str | None = None
    lane: str
    state: str
    progress: float = 0.0
    independent: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    spec: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(sa_type=DateTime(timezone=True))
    removed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class TaskRow(Base, table=True):
    """A task of a job. `state` is a `TaskState`, `payload` the `Task` as workers get it, `error` the
    `JobError` that it failed with, `trace` the headers of the request that it came from: released later, it
    still belongs to that trace. It was `started_at` by a worker (never, where its result was known), and
    `ended_at`; it is ready for a worker since `waiting_at`. `fingerprint` and `payload` are empty until it is
    known what it has to do."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_job_id", "job_id"),
        Index("ix_tasks_fingerprint", "fingerprint"),
        Index(
            "ix_tasks_open",
            "service",
            "state",
            postgresql_where=text("state IN ('blocked', 'waiting', 'released', 'running')"),
        ),
        Index(
            "ix_tasks_served",
            "service",
            "share",
            text("released_at DESC"),
            postgresql_where=text("released_at IS NOT NULL"),
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
    follows: list[str] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    weight: float = 1.0
    fraction: float = 0.0
    time_limit: float = Field(default=3600.0, sa_column_kwargs={"server_default": "3600"})
    payload: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    trace: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
    waiting_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    released_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    started_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class ResultRow(Base, table=True):
    """What a task of this fingerprint produces: doing it again would give the same."""

    __tablename__ = "results"

    fingerprint: str = Field(primary_key=True)
    result: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class DiscardRow(Base, table=True):
    """Something that attempts at a task of this fingerprint left in storage and that is to be removed: see
    `DiscardArtifacts`. As long as there is one, no task of the fingerprint is released."""

    __tablename__ = "discards"

    discard_id: int | None = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    fingerprint: str = Field(index=True)
    request: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class VideoRow(Base, table=True):
    """A video of the editor. `state` is `reserved` (for the result of an edit), `ready` or `failed`; a ready
    one has a `path` and an `object`, and as an upload an `asset_id`, as a result a `made` (`Made`).

    `info` is its probe, or what is foretold of a reserved one. `node` is the `Node` that it is made by from
    originals, `encoding` the `EncodingTrial` of what is encoded; both are missing where the object itself is
    what later edits start from. `stem` begins the names of its results; `operation` and `request` are what
    was asked.
    """

    __tablename__ = "videos"
    __table_args__ = (
        Index("ix_videos_ready", "owner", "video_id", postgresql_where=text("state = 'ready'")),
    )

    video_id: int | None = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    asset_id: UUID | None = Field(default=None, unique=True)
    owner: str
    state: str
    stem: str
    path: str | None = Field(default=None, unique=True)
    operation: str | None = None
    request: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    object: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    info: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    made: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    extension: str
    node: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    encoding: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))


class EditRow(Base, table=True):
    """An edit in the queue of a `request_code`: `pending`, then `executing` as a task of a job, in the end
    `completed` or `failed`. `inputs` are ids of videos, `size` the bytes of its task."""

    __tablename__ = "edits"
    __table_args__ = (
        Index(
            "ix_edits_pending",
            "owner",
            "request_code",
            "edit_id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_edits_job_id", "job_id"),
    )

    edit_id: int | None = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    owner: str
    request_code: str
    edit: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    inputs: list[int] = Field(sa_column=Column(JSONB, nullable=False))
    size: int
    video_id: int = Field(foreign_key="jobs.videos.video_id", unique=True)
    state: str
    job_id: UUID | None = Field(default=None, foreign_key="jobs.jobs.job_id")
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    created_at: datetime = Field(sa_type=DateTime(timezone=True))
