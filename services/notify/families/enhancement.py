"""Messages of the enhancement channel, as its contract words them."""

from __future__ import annotations

from libs.contracts.base import utcnow
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import Asset
from services.notify.families.family import Body

FAMILY = "enhancement"
SHOWS_RESULTS = False

_MAX_ECHO = 1000
_PROCESS = {"enhance": "video_enhancement", "extract_metadata": "metadata_extraction"}


def _now() -> str:
    return utcnow().isoformat()


def connection(client_id: str) -> Body:
    return {"type": "connection", "status": "connected", "client_id": client_id, "timestamp": _now()}


def ping() -> Body | None:
    return None


def answer(said: str | bytes) -> Body:
    """Nothing that a client can say means anything here; at most 1,000 characters come back."""
    text = said[:_MAX_ECHO] if isinstance(said, str) else f"{len(said)} bytes"
    return {"type": "message", "content": f"Received: {text}", "timestamp": _now()}


def upload_status(asset: Asset) -> Body:
    return {
        "type": "upload_status",
        "file_id": str(asset.asset_id),
        "status": "uploaded",
        "message": "Video uploaded successfully",
        "timestamp": _now(),
    }


def status_update(job: Job, base_url: str) -> Body:
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
