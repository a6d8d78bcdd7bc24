"""Bodies of the jobs contract, as its document words them."""

from __future__ import annotations

from typing import Any

import msgspec

from libs.contracts.jobs import Job, VideoEditSpec
from libs.contracts.jobs_view import output_data, progress_of, status_of, time_of
from libs.contracts.media import Asset
from libs.contracts.rpc import JobDetail

FAMILY = "jobs"
VIDEO_EDIT = "VIDEO_EDIT"


class CreatedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that was accepted. `progress` is 0.0 to 100.0, times are ISO 8601 in UTC."""

    job_id: str
    status: str
    progress: float
    created_at: str


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All about a job: what was asked, what came out of it, or why nothing did."""

    job_id: str
    job_type: str
    status: str
    progress: float
    input_data: dict[str, Any]
    output_data: dict[str, Any] | None
    error_message: str | None
    created_at: str
    updated_at: str
    completed_at: str | None


class ListedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job in a list."""

    job_id: str
    job_type: str
    status: str
    progress: float
    created_at: str
    updated_at: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the jobs, newest first; `total` counts those of all pages."""

    total: int
    offset: int
    limit: int
    jobs: list[ListedJob]


class CancelledJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that nobody works on any more."""

    job_id: str
    status: str
    progress: float
    updated_at: str


class UploadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file; `path` is what `input_path` may be."""

    path: str
    asset_id: str
    name: str
    size: int


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Which field is not valid, and why."""

    field: str
    error: str


class JobsProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every error: `error` is the name of the status, `retry_after` is seconds."""

    error: str
    message: str
    details: Detail | None = None
    retry_after: int | None = None


def created_of(job: Job) -> CreatedJob:
    return CreatedJob(
        job_id=str(job.job_id),
        status=status_of(job),
        progress=progress_of(job),
        created_at=time_of(job.created_at),
    )


def job_status_of(found: JobDetail, base_url: str) -> JobStatus:
    """`base_url` as in `output_data`."""
    job, spec = found.job, found.spec
    return JobStatus(
        job_id=str(job.job_id),
        job_type=_type(job),
        status=status_of(job),
        progress=progress_of(job),
        input_data=spec.given if isinstance(spec, VideoEditSpec) else {},
        output_data=output_data(job, base_url),
        error_message=job.error.message if job.error else None,
        created_at=time_of(job.created_at),
        updated_at=time_of(job.updated_at),
        completed_at=time_of(found.completed_at) if found.completed_at else None,
    )


def listed_of(job: Job) -> ListedJob:
    return ListedJob(
        job_id=str(job.job_id),
        job_type=_type(job),
        status=status_of(job),
        progress=progress_of(job),
        created_at=time_of(job.created_at),
        updated_at=time_of(job.updated_at),
    )


def cancelled_of(job: Job) -> CancelledJob:
    return CancelledJob(
        job_id=str(job.job_id),
        status=status_of(job),
        progress=progress_of(job),
        updated_at=time_of(job.updated_at),
    )


def uploaded_of(asset: Asset) -> UploadedFile:
    return UploadedFile(
        path=f"/uploads/{asset.asset_id}",
        asset_id=str(asset.asset_id),
        name=asset.name,
        size=asset.object.size,
    )


def _type(job: Job) -> str:
    return job.kind.upper()
