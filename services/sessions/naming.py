"""Names of what belongs to a session. All of its objects are under its folder."""

from __future__ import annotations

from uuid import UUID

PREVIEW, MOTION_PHOTO = "preview.mp4", "photo.MP.jpg"


def folder(session_id: UUID) -> str:
    return f"sessions/{session_id}"


def thumbnail_key(session_id: UUID, timestamp: float) -> str:
    """`timestamp` is whole milliseconds, in seconds."""
    return f"{folder(session_id)}/thumbnails/{round(timestamp * 1000)}.jpg"


def channel(session_id: UUID) -> str:
    """What all jobs of the session are found by."""
    return f"session/{session_id}"


def preview_key(session_id: UUID) -> str:
    """The key of the job that makes the preview."""
    return f"preview/{session_id}"
