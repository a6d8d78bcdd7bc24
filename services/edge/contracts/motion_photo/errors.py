"""Errors of the Motion Photo contract, as its document words them."""

from __future__ import annotations

from libs.contracts.base import utcnow
from services.edge.contracts.motion_photo.schemas import MotionPhotoProblem
from services.edge.errors import AnyRequest, Trouble

PREFIXES = ("/prepare", "/convert", "/thumbnail", "/cleanup", "/preview")
"""Where this family lies."""
HEALTH = "/health"
"""Its pages ask there whether the service works, with `HEAD`; the path is of the videocraft family."""
STATUSES = {"media_error": 500, "timeout": 500, "out_of_range": 422}
"""Where they differ from those of other families."""
INVALID_SESSION, UNSUPPORTED_FORMAT = "INVALID_SESSION", "UNSUPPORTED_FORMAT"

_CODES = {
    "not_found": INVALID_SESSION,
    "unknown_path": "NOT_FOUND",
    "method_not_allowed": "METHOD_NOT_ALLOWED",
    "misdirected": "MISDIRECTED_REQUEST",
    "media_error": "PROCESSING_FAILED",
    "timeout": "PROCESSING_FAILED",
    "too_large": "FILE_TOO_LARGE",
    "unauthorized": "INVALID_TOKEN",
    "too_many_requests": "RATE_LIMITED",
    "unavailable": "SERVICE_UNAVAILABLE",
    "out_of_range": "INVALID_PARAMETER",
}


def envelope(request: AnyRequest, trouble: Trouble) -> MotionPhotoProblem:
    """`{"detail", "error_code", "timestamp"}`. Details may name the `error_code`."""
    usual = "INVALID_REQUEST" if trouble.status < 500 else "INTERNAL_ERROR"
    code = trouble.details.get("error_code") or _CODES.get(trouble.code, usual)
    now = utcnow().isoformat(timespec="seconds").replace("+00:00", "Z")
    return MotionPhotoProblem(detail=trouble.message, error_code=str(code), timestamp=now)
