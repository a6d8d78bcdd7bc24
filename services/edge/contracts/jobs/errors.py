"""Errors of the jobs contract, as its document words them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from libs.contracts.errors import InvalidInputError
from services.edge.contracts.jobs.schemas import Detail, JobsProblem
from services.edge.errors import AnyRequest, Trouble

PREFIXES = ("/jobs", "/uploads", "/outputs")
"""Where this family lies."""

_MESSAGES = {"too_many_requests": "Rate limit exceeded", "internal": "An unexpected error occurred"}


def invalid(field: str, problem: str) -> InvalidInputError:
    """The error for one field of a request, with what is wrong with it."""
    return InvalidInputError("Invalid input data", field=field, error=problem)


@contextmanager
def about(field: str) -> Iterator[None]:
    """Whatever is not valid within the block is about `field`, unless it says otherwise."""
    try:
        yield
    except InvalidInputError as error:
        if "field" in error.details:
            raise
        raise invalid(field, error.message) from error


def envelope(request: AnyRequest, trouble: Trouble) -> JobsProblem:
    """`{"error", "message"}`, with `details` of a field that is not valid, or with `retry_after`."""
    return JobsProblem(
        error=_phrase(trouble.status),
        message=_MESSAGES.get(trouble.code, trouble.message),
        details=_detail(trouble.details),
        retry_after=trouble.details.get("retry_after"),
    )


def _detail(details: dict[str, Any]) -> Detail | None:
    if "field" not in details:
        return None
    return Detail(field=str(details["field"]), error=str(details.get("error", "")))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # 499 has no name
        return "Error"
