"""Errors of the videocraft contract, as its document words them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from libs.contracts.base import utcnow
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.jobs_view import time_of
from services.edge import csrf
from services.edge.contracts.videocraft.request_ids import request_id_of
from services.edge.contracts.videocraft.schemas import VideocraftProblem
from services.edge.errors import AnyRequest, Trouble

PREFIXES = ("/api/v1", "/health", "/live", "/ready", "/metrics")
"""Where this family lies."""
JOB_NOT_FOUND, VIDEO_NOT_FOUND = "JOB_NOT_FOUND", "VIDEO_NOT_FOUND"
SUBTITLES_NOT_FOUND, JOB_NOT_CANCELLABLE = "SUBTITLES_NOT_FOUND", "JOB_NOT_CANCELLABLE"

_VALIDATION, _INTERNAL, _NO_HEADER = "VALIDATION_ERROR", "INTERNAL_ERROR", "MISSING_AUTH_HEADER"
_RATE = "RATE_LIMIT_EXCEEDED"
_CODES = {
    "invalid_input": _VALIDATION,
    "out_of_range": _VALIDATION,
    "media_error": _VALIDATION,
    "unauthorized": "INVALID_API_KEY",
    "forbidden": "INSUFFICIENT_SCOPE",
    "not_found": "NOT_FOUND",
    "unknown_path": "NOT_FOUND",
    "method_not_allowed": "METHOD_NOT_ALLOWED",
    "misdirected": "MISDIRECTED_REQUEST",
    "conflict": "CONFLICT",
    "too_large": "REQUEST_TOO_LARGE",
    "too_many_requests": _RATE,
    "unavailable": "SERVICE_UNAVAILABLE",
    "timeout": "SERVICE_UNAVAILABLE",
}
_BY_STATUS = {415: "UNSUPPORTED_MEDIA_TYPE", 416: "RANGE_NOT_SATISFIABLE"}
_MESSAGES = {
    _VALIDATION: "Validation failed",
    "INVALID_API_KEY": "Invalid API key",
    _NO_HEADER: "Authorization header required",
    _RATE: "Rate limit exceeded",
    _INTERNAL: "An internal error occurred. Please try again later or contact support.",
}
_HELP = "https://docs.videocraft.io/errors/"
_HELP_ABOUT = {
    _NO_HEADER: "authentication",
    csrf.REQUIRED: "csrf",
    csrf.INVALID: "csrf",
    _VALIDATION: "validation",
    _INTERNAL: "general",
}
_RETRY_AFTER = 60


def invalid(problems: Mapping[str, str]) -> InvalidInputError:
    """The error for a request with these problems, by the paths of what is not valid."""
    return InvalidInputError("Validation failed", problems=dict(problems))


@contextmanager
def about(path: str) -> Iterator[None]:
    """Whatever is not valid within the block is so under `path`, unless it says otherwise."""
    try:
        yield
    except InvalidInputError as error:
        if "problems" in error.details:
            raise
        raise invalid({path: error.message}) from error


def unknown_job() -> NotFoundError:
    return NotFoundError("Job not found", error_code=JOB_NOT_FOUND)


def unknown_video() -> NotFoundError:
    return NotFoundError("Video not found", error_code=VIDEO_NOT_FOUND)


def envelope(request: AnyRequest, trouble: Trouble) -> VideocraftProblem:
    """`{"error", "code", "timestamp", "request_id"}`, and what there is to say besides."""
    code = _code(request, trouble)
    rate = _rate(trouble.details) if code == _RATE else {}
    return VideocraftProblem(
        error=_MESSAGES.get(code, trouble.message),
        code=code,
        timestamp=time_of(utcnow()),
        request_id=request_id_of(request.scope),
        details=_details(trouble) if code == _VALIDATION else None,
        help_url=_HELP + _HELP_ABOUT[code] if code in _HELP_ABOUT else None,
        **rate,
    )


def _code(request: AnyRequest, trouble: Trouble) -> str:
    if "error_code" in trouble.details:
        return str(trouble.details["error_code"])
    if trouble.code == "unauthorized" and not _shows_anything(request):
        return _NO_HEADER
    if trouble.status in _BY_STATUS:
        return _BY_STATUS[trouble.status]
    return _CODES.get(trouble.code, _INTERNAL)


def _shows_anything(request: AnyRequest) -> bool:
    return "authorization" in request.headers or "x-api-key" in request.headers


def _details(trouble: Trouble) -> dict[str, str]:
    problems = trouble.details.get("problems")
    return problems if isinstance(problems, dict) else {"request": trouble.message}


def _rate(details: Mapping[str, Any]) -> dict[str, Any]:
    seconds = int(details.get("retry_after", _RETRY_AFTER))
    reset_at = time_of(utcnow() + timedelta(seconds=seconds))
    return {"retry_after": seconds, "limit": details.get("limit"), "remaining": 0, "reset_at": reset_at}
