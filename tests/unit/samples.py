"""Small valid values of the contracts, to be varied by tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.contracts.jobs import Job, JobState
from libs.contracts.media import Asset, AudioStream, MediaInfo, ObjectRef, VideoStream
from libs.contracts.tasks import MetadataResult

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SHA = "ab" * 32


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def result(name: str = "metadata.json") -> MetadataResult:
    return MetadataResult(artifact=ObjectRef(key=f"results/x/{name}", size=2, sha256=SHA))


def job(number: int = 1, **changes: Any) -> Job:
    fields: dict[str, Any] = {
        "job_id": UUID(int=number),
        "key": f"enhance/{number}",
        "owner": "public",
        "family": "enhancement",
        "kind": "enhance",
        "asset_id": UUID(int=1000 + number),
        "state": JobState.PROCESSING,
        "progress": 0.0,
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "channel": "alice",
    }
    return Job(**(fields | changes))


def video(**changes: Any) -> VideoStream:
    fields: dict[str, Any] = {
        "index": 0,
        "codec": "h264",
        "width": 320,
        "height": 240,
        "display_width": 320,
        "display_height": 240,
        "frame_rate": "25/1",
        "nominal_rate": "25/1",
        "time_base": "1/12800",
        "pixel_format": "yuv420p",
    }
    return VideoStream(**(fields | changes))


def info(**changes: Any) -> MediaInfo:
    sound = AudioStream(index=1, codec="aac", sample_rate=48_000, channels=2)
    fields: dict[str, Any] = {
        "formats": ["mov", "mp4"],
        "size": 1000,
        "duration": 2.0,
        "video": video(),
        "audio": [sound],
    }
    return MediaInfo(**(fields | changes))


def asset(number: int = 1, *, sha256: str = SHA, **changes: Any) -> Asset:
    stored = ObjectRef(key=f"uploads/{number}/clip.mp4", size=1000, sha256=sha256, content_type="video/mp4")
    fields: dict[str, Any] = {
        "asset_id": UUID(int=number),
        "owner": "public",
        "name": "clip.mp4",
        "object": stored,
        "declared_type": "video/mp4",
        "created_at": EPOCH,
        "info": info(),
    }
    return Asset(**(fields | changes))
