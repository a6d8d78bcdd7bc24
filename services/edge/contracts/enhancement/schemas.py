"""Bodies of the enhancement contract, as its document words them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from libs.contracts.jobs import Job, JobState
from libs.contracts.media import Metadata

FAMILY = "enhancement"


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an upload."""

    file_id: UUID
    message: str = "Video uploaded successfully"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one process of a file; `progress` is 0…100."""

    status: str
    progress: int
    error: str | None
    last_updated: str


def status_of(job: Job) -> Status:
    """A cancelled job shows as failed, which is all that the contract knows."""
    cancelled = job.state is JobState.CANCELLED
    error = "The process was cancelled." if cancelled else job.error.message if job.error else None
    return Status(
        status="failed" if cancelled else job.state.value,
        progress=int(job.progress),
        error=error,
        last_updated=job.updated_at.isoformat(),
    )


def metadata_document(file_id: UUID, filename: str, found: Metadata) -> dict[str, Any]:
    """The metadata file as the contract words it; what it does not name is under `advanced`."""
    return {
        "file_id": str(file_id),
        "filename": filename,
        "format": found.format,
        "resolution": {"width": found.width, "height": found.height},
        "fps": found.fps,
        "frame_count": found.frame_count,
        "duration_seconds": round(found.duration),
        "file_size_bytes": found.size,
        "bit_rate": str(found.bit_rate),
        "color_profile": {"histograms": found.histograms, "average_color": found.average_color},
        "advanced": {
            **found.ffprobe,
            "duration": found.duration,
            "key_frames": found.key_frames,
            "sampled_frames": found.sampled_frames,
            "variable_frame_rate": found.variable_rate,
            "rotation": found.rotation,
            "hdr": found.hdr,
            "interlaced": found.interlaced,
            "warnings": found.warnings,
        },
    }
