"""Ids of requests: `req_` and the id of the trace, so that one finds the other."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from opentelemetry import trace

HEADER = "X-Request-ID"

_KEY = "reelbus.request_id"


def request_id_of(scope: Any) -> str:
    """Of the request of an ASGI `scope`, the same each time; a random one where there is no trace."""
    found = scope.get(_KEY)
    if found is None:
        context = trace.get_current_span().get_span_context()
        number = format(context.trace_id, "032x") if context.is_valid else uuid4().hex
        found = scope[_KEY] = f"req_{number}"
    return str(found)
