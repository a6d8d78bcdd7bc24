"""Whose trace a request is a part of, and who decides whether it is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from libs.chassis import http
from libs.chassis.http import observed
from libs.chassis.proxies import Proxies
from services.edge.contracts.videocraft.request_ids import request_id_of

pytestmark = pytest.mark.anyio

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECORDED, NOT_RECORDED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"
PROXIES = Proxies(["127.0.0.0/8"])
PROXY, STRANGER = "127.0.0.1", "203.0.113.9"


class Recorder:
    """The spans of `observed` apps, of which the sampler lets `ratio` begin."""

    def __init__(self, ratio: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(ratio)))
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        monkeypatch.setattr(http, "TRACER", self.provider.get_tracer("test"))

    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()


@pytest.fixture
def all_of_them(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder(1.0, monkeypatch)
    yield recorder
    recorder.provider.shutdown()


@pytest.fixture
def none_of_them(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder(0.0, monkeypatch)
    yield recorder
    recorder.provider.shutdown()


async def ask(parent: str, *, following: Proxies | None = None, peer: str = PROXY) -> str:
    """The request id that an app sees."""
    seen = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        seen.append(request_id_of(scope))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(_: Any) -> None:
        return

    headers = [(b"traceparent", parent.encode()), (b"tracestate", b"evil=1")]
    scope = {"type": "http", "method": "GET", "path": "/", "client": (peer, 5), "headers": headers}
    await observed(app, following=following)(scope, None, send)  # type: ignore[arg-type]  # it reads nothing
    return seen[0].removeprefix("req_")


@pytest.mark.parametrize("parent", [RECORDED, NOT_RECORDED])
@pytest.mark.parametrize(("following", "peer"), [(None, PROXY), (None, STRANGER), (PROXIES, STRANGER)])
async def test_a_stranger_neither_chooses_the_trace_nor_keeps_it_from_being_recorded(
    all_of_them: Recorder, parent: str, following: Proxies | None, peer: str
) -> None:
    request_id = await ask(parent, following=following, peer=peer)
    (span,) = all_of_them.spans()
    assert span.parent is None
    assert format(span.context.trace_id, "032x") == request_id != TRACE
    (link,) = span.links
    assert (format(link.context.trace_id, "032x"), format(link.context.span_id, "016x")) == (TRACE, SPAN)
    assert not link.context.trace_state
    assert not span.context.trace_state


async def test_a_stranger_has_nothing_recorded_either(none_of_them: Recorder) -> None:
    assert await ask(RECORDED) != TRACE
    assert not none_of_them.spans()


async def test_a_gateway_that_is_trusted_decides(all_of_them: Recorder) -> None:
    assert await ask(NOT_RECORDED, following=PROXIES) == TRACE
    assert not all_of_them.spans()
    assert await ask(RECORDED, following=PROXIES) == TRACE
    (span,) = all_of_them.spans()
    assert span.parent is not None
    assert format(span.parent.span_id, "016x") == SPAN
    assert span.links == ()


@pytest.mark.parametrize("following", [None, PROXIES])
@pytest.mark.parametrize("parent", ["", "nonsense", f"00-{'0' * 32}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01"])
async def test_what_is_no_trace_begins_one(
    all_of_them: Recorder, following: Proxies | None, parent: str
) -> None:
    request_id = await ask(parent, following=following)
    (span,) = all_of_them.spans()
    assert format(span.context.trace_id, "032x") == request_id != TRACE
    assert (span.parent, span.links) == (None, ())
