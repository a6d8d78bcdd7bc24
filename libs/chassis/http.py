"""One span and three series for every HTTP request, at the price of one wrapped `send`.

The general middlewares of OpenTelemetry and Litestar do more and cost more than the requests they watch
(docs/adr/0010-http-telemetry.md).
"""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode
from prometheus_client import Counter, Gauge, Histogram

from libs.chassis.health import ASGIApp, Receive, Scope, Send
from libs.chassis.proxies import Proxies
from libs.chassis.telemetry import TRACER

REQUESTS = Counter("reelbus_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "reelbus_http_request_seconds",
    "Seconds from a request's first line to the end of its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600),
)
OPEN = Gauge("reelbus_http_requests_open", "Requests under way.")

_UNKNOWN = "(unknown)"
"""The route of whatever no route takes: paths of strangers must not become labels."""


def observed(app: ASGIApp, *, following: Proxies | None = None) -> ASGIApp:
    """`app` with its HTTP requests traced and metered. Routes are the templates that Litestar leaves in
    the scope (`path_template`).

    Traces that come from proxies of `following` go on here. All others end at the door, with a link to
    them: who may choose ids and what is recorded can hide what he does, and have us record all of it."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        method = scope["method"]
        status = 500
        started = time.perf_counter()

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        told = _told(scope)
        known = told is not None and following is not None and following.trusts(scope.get("client"))
        parent, links = (told, []) if known else (Context(), _links(told))
        with (
            OPEN.track_inprogress(),
            TRACER.start_as_current_span(method, parent, SpanKind.SERVER, links=links) as span,
        ):
            try:
                await app(scope, receive, watched)
            finally:
                route = scope.get("path_template") or _UNKNOWN
                if span.is_recording():
                    span.update_name(f"{method} {route}")
                    span.set_attributes({"http.route": route, "http.response.status_code": status})
                    if status >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                REQUESTS.labels(method, route, str(status)).inc()
                SECONDS.labels(method, route).observe(time.perf_counter() - started)

    return call


def _told(scope: Scope) -> Context | None:
    """The trace that a request names, if it names one."""
    carried = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in (b"traceparent", b"tracestate")
    }
    return propagate.extract(carried, Context()) if carried else None


def _links(told: Context | None) -> list[Link]:
    """To a stranger's span, if there is one: its ids and nothing else that he wrote."""
    named = trace.get_current_span(told).get_span_context() if told is not None else None
    if named is None or not named.is_valid:
        return []
    return [Link(SpanContext(named.trace_id, named.span_id, is_remote=True))]
