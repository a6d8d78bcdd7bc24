"""Errors to HTTP, once: every named error has a status, every contract family an envelope."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandler

from libs.contracts.errors import ReelbusError
from services.edge.paths import ByPrefix

log = logging.getLogger(__name__)

_STATUS = {
    "invalid_input": 400,
    "out_of_range": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "too_many_requests": 429,
    "unavailable": 503,
    "timeout": 503,
    "media_error": 400,
}
_CODES = {404: "unknown_path", 405: "method_not_allowed", 413: "too_large"}
_RETRY_AFTER = 3


@dataclass(frozen=True)
class Trouble:
    """What went wrong: a status, a code of `libs.contracts.errors` (or `unknown_path`, `method_not_allowed`,
    `misdirected`), words, details."""

    status: int
    code: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)


AnyRequest = Request[Any, Any, Any]
Envelope = Callable[[AnyRequest, Trouble], Any]
"""From trouble with a request to a family's error body."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What `detail_envelope` makes, for OpenAPI."""

    detail: str


def problem(description: str, kind: type[msgspec.Struct] = Problem) -> ResponseSpec:
    """An envelope, for OpenAPI; by default a `detail_envelope`."""
    return ResponseSpec(kind, description=description, generate_examples=False)


AWAY = problem("A service does not answer; see Retry-After")


def detail_envelope(request: AnyRequest, trouble: Trouble) -> Any:
    """`{"detail": …}`: the enhancement and video-editor families, and whatever belongs to none."""
    return {"detail": trouble.message}


def envelope_by(prefixes: ByPrefix[Envelope]) -> Envelope:
    """The envelope of the family that the path belongs to, whether it has a route or not."""
    return lambda request, trouble: prefixes.of(request.scope["path"])(request, trouble)


def exception_handlers(
    envelope: Envelope, **statuses: int
) -> dict[int | type[Exception], ExceptionHandler[Any]]:
    """Litestar handlers that answer every exception in `envelope`; `statuses` by code where a contract has
    another one than usual."""

    def on_named(request: AnyRequest, error: ReelbusError) -> Response[Any]:
        status = (_STATUS | statuses).get(error.code, 500)
        if status >= 500:  # the server's fault, worth a line
            log.warning(
                "request failed", extra={"path": request.scope["path"], "code": error.code}, exc_info=error
            )
        trouble = Trouble(status, error.code, error.message, error.details)
        return _response(envelope(request, trouble), status, _headers(trouble))

    def on_http(request: AnyRequest, error: HTTPException) -> Response[Any]:
        status = error.status_code
        code = _CODES.get(status, "invalid_input" if status < 500 else "internal")
        trouble = Trouble(status, code, error.detail)
        return _response(envelope(request, trouble), status, dict(error.headers or {}))

    def on_unknown(request: AnyRequest, error: Exception) -> Response[Any]:
        log.error("request crashed", extra={"path": request.scope["path"]}, exc_info=error)
        trouble = Trouble(500, "internal", "Something went wrong on the server.")
        return _response(envelope(request, trouble), 500, {})

    return {ReelbusError: on_named, HTTPException: on_http, Exception: on_unknown}


def _headers(trouble: Trouble) -> dict[str, str]:
    if trouble.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if trouble.status in (429, 503):
        return {"Retry-After": str(trouble.details.get("retry_after", _RETRY_AFTER))}
    return {}


def _response(content: Any, status: int, headers: dict[str, str]) -> Response[Any]:
    return Response(content, status_code=status, headers=headers, media_type="application/json")
