"""Messages of the enhancement channel, as its contract words them."""

from __future__ import annotations

from typing import Any

from libs.contracts.base import utcnow
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import Asset

FAMILY = "enhancement"

_PROCESS = {"enhance": "video_enhancement", "extract_metadata": "metadata_extraction"}


def _now() -> str:
    return utcnow().isoformat()


def connection(client_id: str) -> dict[str, Any]:
    return {"type": "connection", "status": "connected", "client_id": client_id, "timestamp": _now()}


def received(text: str) -> dict[str, Any]:
    """The answer to a text that means nothing here."""
    return {"type": "message", "content": f"Received: {text}", "timestamp": _now()}


def upload_status(asset: Asset) -> dict[str, Any]:
    return {
        "type": "upload_status",
        "file_id": str(asset.asset_id),
        "status": "uploaded",
        "message": "Video uploaded successfully",
        "timestamp": _now(),
    }


def status_update(job: Job) -> dict[str, Any]:
    """`progress` is an integer 0…100; a cancelled job shows as failed, which is all the contract knows."""
    cancelled = job.state is JobState.CANCELLED
    error = "The process was cancelled." if cancelled else job.error.message if job.error else None
    return {
        "type": "status_update",
        "file_id": str(job.asset_id),
        "process_type": _PROCESS.get(job.kind, job.kind),
        "status": "failed" if cancelled else job.state.value,
        "progress": int(job.progress),
        "error": error,
        "timestamp": job.updated_at.isoformat(),
    }
