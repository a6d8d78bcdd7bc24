"""A job in the words of the jobs contract, the same on every channel. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from libs.contracts.jobs import Job
from libs.contracts.tasks import RenderResult


def status_of(job: Job) -> str:
    """`PENDING`, `PROCESSING`, `COMPLETED`, `FAILED` or `CANCELLED`."""
    return job.state.value.upper()


def progress_of(job: Job) -> float:
    """0.0…100.0."""
    return round(float(job.progress), 1)


def time_of(time: datetime) -> str:
    """ISO 8601 in UTC, in whole seconds: `2024-03-21T10:00:00Z`."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def output_name(job: Job) -> str | None:
    """What the file that came out of a job is called, once it is there and known."""
    return PurePosixPath(job.result.artifact.key).name if isinstance(job.result, RenderResult) else None


def output_path(job: Job) -> str | None:
    """Where that file is served."""
    name = output_name(job)
    return None if name is None else f"/outputs/{job.job_id}/{name}"


def output_data(job: Job, base_url: str) -> dict[str, Any] | None:
    """What came out of a job, as it was measured: seconds, pixels, bytes; `base_url` is that of this system,
    without a slash at its end. `None` until then."""
    path = output_path(job)
    if path is None or not isinstance(job.result, RenderResult):
        return None
    info = job.result.info
    found: dict[str, Any] = {
        "output_path": path,
        "download_url": base_url + quote(path),
        "duration": round(info.duration or 0.0, 3),
        "file_size": job.result.artifact.size,
    }
    if info.video is not None:
        found |= {"width": info.video.display_width, "height": info.video.display_height}
    return found
