"""Messages of the jobs channel, as its contract words them."""

from __future__ import annotations

import msgspec

from libs.contracts.base import utcnow
from libs.contracts.jobs import Job, JobState
from libs.contracts.jobs_view import output_data, progress_of, status_of, time_of
from services.notify.families.family import Body

FAMILY = "jobs"
SHOWS_RESULTS = True


class _Said(msgspec.Struct, frozen=True):
    """All that counts of what a client says."""

    type: str


def channel_of(user_id: str) -> str:
    """The channel of a user's jobs."""
    return f"user/{user_id}"


def ping() -> Body | None:
    return {"type": "PING", "data": {}, "timestamp": time_of(utcnow())}


def answer(said: str | bytes) -> Body | None:
    """A PING gets a PONG; nothing else means anything here."""
    try:
        kind = msgspec.json.decode(said, type=_Said).type
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return {"type": "PONG", "data": {}, "timestamp": time_of(utcnow())} if kind == "PING" else None


def status_update(job: Job, base_url: str) -> Body:
    """A cancelled job is an update like any other, though its last."""
    data: Body = {"job_id": str(job.job_id)}
    if job.state is JobState.COMPLETED:
        kind = "JOB_COMPLETED"
        data["output_data"] = output_data(job, base_url)
    elif job.state is JobState.FAILED:
        kind = "JOB_ERROR"
        data["error"] = job.error.message if job.error else ""
    else:
        kind = "JOB_UPDATE"
        data |= {"status": status_of(job), "progress": progress_of(job)}
    return {"type": kind, "data": data, "timestamp": time_of(job.updated_at)}
