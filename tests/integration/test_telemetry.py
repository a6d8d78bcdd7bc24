"""What an operator sees: one trace per upload, the series of each service, logs that name the trace."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.chassis.bus import Bus, started
from libs.chassis.settings import BusSettings
from libs.contracts.rpc import DESCRIBE_SPEECH, DESCRIBE_TRANSCODE, Describe, Description
from reelbus.stack import connection
from tests.deploy.test_logs import ALWAYS, documented
from tests.integration.beside import edges
from tests.integration.client import User, unique_copy
from tests.integration.motion import Studio
from tests.integration.otlp import Collector, Span, draw
from tests.media.numbered import numbered
from tests.stack.harness import NO_TLS, Stack, wait_until

JOURNEY = {
    "edge": ["POST /upload", "store upload"],
    "ingest": ["rpc.ingest.begin_upload process", "rpc.ingest.complete_upload process"],
    "jobs": ["rpc.jobs.submit process", "rpc.jobs.claim_task process", "task.completed.v1 process"],
    "transcode": ["tasks.transcode.interactive process", "task render", "stage input", "store artifact"],
    "analyze": ["tasks.analyze.interactive process", "task metadata", "stage input", "store artifact"],
    "notify": ["media.ingested.v1 process", "job.completed.v1 process"],
}

SESSION = {
    "edge": ["POST /prepare", "store upload"],
    "ingest": ["rpc.ingest.begin_upload process", "rpc.ingest.complete_upload process"],
    "sessions": ["rpc.sessions.open process", "tasks.sessions.interactive process", "task preview",
                 "store artifact"],
    "jobs": ["rpc.jobs.submit process", "rpc.jobs.claim_task process", "task.completed.v1 process"],
}  # fmt: skip

SERIES = {
    "edge": ["reelbus_http_requests_total", "reelbus_http_request_seconds_count",
             "reelbus_storage_seconds_count", "reelbus_storage_bytes_total"],
    "ingest": ["reelbus_rpc_seconds_count", "reelbus_ffmpeg_seconds_count", "reelbus_outbox_relayed_total"],
    "jobs": ["reelbus_jobs_total", "reelbus_tasks_open", "reelbus_deliveries_total",
             "reelbus_rpc_seconds_count"],
    "transcode": ["reelbus_tasks_total", "reelbus_task_seconds_count", "reelbus_ffmpeg_seconds_count",
                  "reelbus_tasks_running", "reelbus_storage_seconds_count"],
    "analyze": ["reelbus_tasks_total", "reelbus_task_seconds_count", "reelbus_ffmpeg_seconds_count"],
    "sessions": ["reelbus_tasks_total", "reelbus_task_seconds_count", "reelbus_ffmpeg_seconds_count",
                 "reelbus_rpc_seconds_count", "reelbus_storage_seconds_count"],
    "speech": ["reelbus_speech_real_time_factor_count", "reelbus_rpc_seconds_count",
               "reelbus_storage_seconds_count"],
    "notify": ["reelbus_ws_connections", "reelbus_ws_messages_total", "reelbus_ws_lag_seconds_count"],
}  # fmt: skip
COMMON = [
    "reelbus_bus_",
    "process_resident_memory_bytes",
    "python_gc_objects_collected_total",
    "reelbus_build_info",
    "reelbus_event_loop_late_seconds_count",
    "reelbus_memory_bytes",
    "reelbus_ready",
]


@pytest.fixture(scope="module")
def upload_trace(
    user: User, collector: Collector, small_bunny: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Span]:
    clip = unique_copy(small_bunny, tmp_path_factory.mktemp("trace"))
    began = time.time_ns()
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        socket.wait_ends(user.upload(clip, client_id=client_id))

    return trace_with(collector, JOURNEY, "POST /upload", began)


@pytest.fixture(scope="module")
def descriptions(stack: Stack) -> list[Description]:
    """What workers say of themselves."""
    settings = BusSettings(nats_url=connection.load(stack.data).environ()["REELBUS_NATS_URL"])

    async def ask() -> list[Description]:
        bus = Bus("operator", settings)
        await bus.connect()
        async with started(bus):
            return [await bus.call(method, Describe()) for method in (DESCRIBE_TRANSCODE, DESCRIBE_SPEECH)]

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def session_trace(stack: Stack, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> list[Span]:
    clip = numbered(tmp_path_factory.mktemp("trace") / "clip.mp4", 10)
    began = time.time_ns()
    studio = Studio(stack)
    studio.cleanup(studio.session(clip))
    return trace_with(collector, SESSION, "POST /prepare", began)


def trace_with(collector: Collector, expected: dict[str, list[str]], root: str, began: int) -> list[Span]:
    """The first trace of `root` since `began`, once all that is expected is there, parents included."""

    def complete() -> bool:
        trace = collector.trace_of(root, began)
        seen = {(span.service, span.name) for span in trace}
        named = all((service, name) in seen for service, names in expected.items() for name in names)
        return named and not orphans(trace)

    try:
        wait_until(complete, 30)
    except AssertionError:
        pytest.fail("spans are missing in\n" + draw(collector.trace_of(root, began)))
    return collector.trace_of(root, began)


def orphans(trace: list[Span]) -> list[str]:
    """Names of spans whose parent is not there."""
    known = {span.span for span in trace}
    return [span.name for span in trace if span.parent and span.parent not in known]


def test_one_upload_is_one_trace_through_every_service(upload_trace: list[Span]) -> None:
    assert {span.service for span in upload_trace} == set(JOURNEY)
    assert orphans(upload_trace) == []


def test_one_session_is_one_trace(session_trace: list[Span]) -> None:
    assert {span.service for span in session_trace} >= set(SESSION)


def test_work_is_a_part_of_the_request_that_asked_for_it(upload_trace: list[Span]) -> None:
    by_id = {span.span: span for span in upload_trace}

    def ancestors(span: Span) -> set[str]:
        names = set()
        while span.parent in by_id:
            span = by_id[span.parent]
            names.add(span.name)
        return names

    for name in ("task render", "task metadata"):
        (work,) = [span for span in upload_trace if span.name == name]
        assert "POST /upload" in ancestors(work)


STRANGE_TRACE, STRANGE_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NOT_RECORDED = {"traceparent": f"00-{STRANGE_TRACE}-{STRANGE_SPAN}-00"}


def request_id(url: str) -> str:
    """The trace of one request to the edge, as its answer tells."""
    answer = httpx.get(f"{url}/health", headers=NOT_RECORDED)
    return answer.headers["x-request-id"].removeprefix("req_")


def test_a_stranger_has_no_say_in_traces(stack: Stack, collector: Collector) -> None:
    """The gateway hands on what he writes. He wants another id, and not to be recorded."""
    trace = request_id(stack.url)
    wait_until(lambda: any(span.trace == trace for span in list(collector.spans)), 30)
    assert trace != STRANGE_TRACE
    assert all(span.trace != STRANGE_TRACE for span in list(collector.spans))
    (root,) = [span for span in list(collector.spans) if span.trace == trace and span.name == "GET /health"]
    assert root.parent == ""


def test_a_gateway_that_writes_traces_can_be_believed(stack: Stack, collector: Collector) -> None:
    env = {"REELBUS_OTLP_ENDPOINT": collector.url, "REELBUS_TRUST_TRACEPARENT": "on"}
    with edges(stack, 1, env) as (url,):
        assert request_id(url) == STRANGE_TRACE
    with edges(stack, 1, env | {"REELBUS_TRUSTED_PROXIES": '["10.0.0.0/8"]'}) as (url,):
        assert request_id(url) != STRANGE_TRACE


@pytest.mark.parametrize("service", list(SERIES))
@pytest.mark.usefixtures("upload_trace", "session_trace", "descriptions")
def test_every_service_has_its_series(stack: Stack, service: str) -> None:
    names = [name for name in stack.processes() if name.removesuffix("-2") == service]
    where = [f"http://127.0.0.1:{stack.process(name)['port']}/metrics" for name in names]
    pages = [httpx.get(url, verify=NO_TLS).text for url in where]
    for series in [*SERIES[service], *COMMON]:
        assert any(f"\n{series}" in page for page in pages), series


def test_workers_say_what_they_work_with(descriptions: list[Description]) -> None:
    transcode, speech = descriptions
    assert transcode.ready
    assert transcode.tool.startswith("ffmpeg version ")
    assert (speech.tool, speech.ready) == ("faster-whisper 1.2.1, whisper-base", True)


def lines_of(stack: Stack, service: str) -> list[dict[str, Any]]:
    text = (stack.data / "logs" / f"{service}.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("service", list(SERIES))
def test_logs_are_json_with_the_fields_that_are_documented(stack: Stack, service: str) -> None:
    lines = lines_of(stack, service)
    assert lines
    for line in lines:
        assert set(line) >= ALWAYS
        assert set(line) <= documented(), line
        assert (line["service"], line["instance"]) == (service, service)
