"""Errors to HTTP, once: every named error has a status, every contract family an envelope."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandler

from libs.contracts.errors import ReelbusError

log = logging.getLogger(__name__)

Envelope = Callable[[int, str, dict[str, Any]], Any]
"""From status, words and details to a family's error body."""

_STATUS = {
    "invalid_input": 400,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "unavailable": 503,
    "timeout": 503,
    "media_error": 400,
}
_RETRY_AFTER = "3"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What `detail_envelope` makes, for OpenAPI."""

    detail: str


def problem(description: str) -> ResponseSpec:
    """A `detail_envelope`, for OpenAPI."""
    return ResponseSpec(Problem, description=description, generate_examples=False)


AWAY = problem("A service does not answer; see Retry-After")


def detail_envelope(status: int, message: str, details: dict[str, Any]) -> Any:
    """`{"detail": …}`: the enhancement and video-editor families, and whatever belongs to none."""
    return {"detail": message}


def exception_handlers(
    envelope: Envelope, **statuses: int
) -> dict[int | type[Exception], ExceptionHandler[Any]]:
    """Litestar handlers that answer every exception in `envelope`; `statuses` by code where a contract has
    another one than usual."""

    def on_named(request: Request[Any, Any, Any], error: ReelbusError) -> Response[Any]:
        status = (_STATUS | statuses).get(error.code, 500)
        if status >= 500:  # the server's fault, worth a line
            log.warning(
                "request failed", extra={"path": request.scope["path"], "code": error.code}, exc_info=error
            )
        headers = {"Retry-After": _RETRY_AFTER} if status == 503 else {}
        return _response(envelope(status, error.message, error.details), status, headers)

    def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        return _response(
            envelope(error.status_code, error.detail, {}), error.status_code, dict(error.headers or {})
        )

    def on_unknown(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        log.error("request crashed", extra={"path": request.scope["path"]}, exc_info=error)
        return _response(envelope(500, "Something went wrong on the server.", {}), 500, {})

    return {ReelbusError: on_named, HTTPException: on_http, Exception: on_unknown}


def _response(content: Any, status: int, headers: dict[str, str]) -> Response[Any]:
    return Response(content, status_code=status, headers=headers, media_type="application/json")
