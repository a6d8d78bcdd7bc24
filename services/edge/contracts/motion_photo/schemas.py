"""Bodies of the Motion Photo contract, as its document words them."""

from __future__ import annotations

import msgspec

from libs.contracts.sessions import MotionSession

FAMILY = "motion-photo"


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A session whose preview can be played. `duration` is seconds of the source."""

    session_id: str
    preview_url: str
    duration: float
    expires_at: str


class Cleaned(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a clean-up."""

    message: str = "清理成功"


class MotionPhotoProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Every error; `timestamp` is ISO 8601 in UTC."""

    detail: str
    error_code: str
    timestamp: str


def prepared_of(session: MotionSession, preview_url: str) -> Prepared:
    return Prepared(
        session_id=str(session.session_id),
        preview_url=preview_url,
        duration=session.duration,
        expires_at=session.expires_at.isoformat().replace("+00:00", "Z"),
    )
