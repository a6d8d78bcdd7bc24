"""Health, probes, metrics, and the OpenAPI document."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from litestar.testing import TestClient
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry, generate_latest

from libs.chassis.bus import Bus
from libs.chassis.health import Health
from libs.contracts.errors import UnavailableError
from libs.contracts.movies import COUNT_JOBS
from libs.contracts.rpc import DESCRIBE_SPEECH, DESCRIBE_TRANSCODE
from services.edge.contracts.videocraft.health import uptime_of
from services.edge.contracts.videocraft.metrics import JobFigures
from services.edge.contracts.videocraft.observing import REQUESTS, Observing
from tests.unit.edge.motion import motion_edge
from tests.unit.edge.office import Client
from tests.unit.edge.videocraft.cinema import BASE, Cinema, data, refusal

pytestmark = pytest.mark.anyio

DETAILS = f"{BASE}/health/detailed"


@pytest.mark.parametrize("path", ["/health", f"{BASE}/health"])
def test_health(client: Client, path: str) -> None:
    client.headers.pop("authorization")
    answer = client.get(path)
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "timestamp", "version"}
    assert answer.json()["status"] == "healthy"
    assert client.head(path).status_code == 200


@pytest.mark.parametrize("path", ["/live", "/ready"])
def test_probes(client: Client, path: str) -> None:
    client.headers.pop("authorization")
    for each in (path, BASE + path):
        assert client.get(each).json() == {"status": "ok"}


def test_a_service_that_does_not_work(cinema: Cinema) -> None:
    edge = motion_edge(cinema)

    async def away() -> None:
        raise OSError("away")

    edge.health.require("bus", away)
    with TestClient(edge.app) as client:
        for path in ("/health", f"{BASE}/health", f"{BASE}/ready"):
            refusal(client.get(path), 503, "SERVICE_UNAVAILABLE")
        assert client.get(f"{BASE}/live").status_code == 200


def test_details(client: Client) -> None:
    found = data(client.get(DETAILS))
    assert set(found) == {"status", "timestamp", "version", "uptime", "services", "system", "jobs"}
    assert found["status"] == "healthy"
    assert found["uptime"].startswith("0h0m")
    assert found["services"] == dict.fromkeys(("database", "whisper_daemon", "ffmpeg", "storage"), "healthy")
    assert found["jobs"] == {"active": 2, "pending": 3, "completed_today": 145, "failed_today": 3}
    system = found["system"]
    assert set(system) == {"memory", "disk", "cpu", "goroutines"}
    assert 0 < system["memory"]["used"] <= system["memory"]["total"]
    assert system["disk"]["used"] > 0
    for part in ("memory", "disk", "cpu"):
        assert 0 <= system[part]["usage_percent"] <= 100
    assert len(system["cpu"]["load_average"]) == 3
    assert system["goroutines"] >= 1


@pytest.mark.parametrize("name", ["whisper_daemon", "ffmpeg"])
@pytest.mark.parametrize("answers", [True, False])
def test_workers_that_do_not_work(client: Client, cinema: Cinema, name: str, answers: bool) -> None:
    if answers:
        cinema.ready["speech" if name == "whisper_daemon" else "transcode"] = False
    else:
        method = DESCRIBE_SPEECH if name == "whisper_daemon" else DESCRIBE_TRANSCODE
        cinema.fail(method, UnavailableError("No answer."))
    found = data(client.get(DETAILS))
    assert found["status"] == "degraded"
    assert {each for each, state in found["services"].items() if state == "unhealthy"} == {name}


def test_a_database_that_does_not_answer(
    client: Client, cinema: Cinema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.edge.contracts.videocraft.health._PATIENCE", 0.05)

    async def hang(_: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(cinema, "call", lambda method, request: hang(request))
    found = data(client.get(DETAILS))
    assert found["status"] == "degraded"
    assert found["services"]["whisper_daemon"] == found["services"]["ffmpeg"] == "unhealthy"
    assert found["services"]["storage"] == "healthy"
    assert set(found["jobs"].values()) == {None}


def test_it_is_measured_once_a_second(client: Client, cinema: Cinema) -> None:
    for _ in range(5):
        client.get(DETAILS)
    assert len(cinema.asked(COUNT_JOBS)) == len(cinema.asked(DESCRIBE_SPEECH)) == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.9, "0h0m0s"), (59, "0h0m59s"), (3600, "1h0m0s"), (261_312, "72h35m12s")]
)
def test_uptimes(seconds: float, text: str) -> None:
    assert uptime_of(seconds) == text


# --- metrics --------------------------------------------------------------------------------------


async def test_figures_of_jobs(cinema: Cinema) -> None:
    now = 0.0
    figures, registry = JobFigures(cast("Bus", cinema), lambda: now), CollectorRegistry(auto_describe=True)
    registry.register(figures)
    assert generate_latest(registry) == b""  # nothing is known
    await figures.refresh()
    await figures.refresh()
    assert len(cinema.asked(COUNT_JOBS)) == 1
    (request,) = cinema.asked(COUNT_JOBS)
    assert (request.family, request.owner) == ("videocraft", None)
    lines = generate_latest(registry).decode().splitlines()
    assert lines == [
        "# HELP videocraft_jobs_total Total number of jobs processed",
        "# TYPE videocraft_jobs_total counter",
        'videocraft_jobs_total{status="completed"} 1247.0',
        'videocraft_jobs_total{status="failed"} 23.0',
        'videocraft_jobs_total{status="cancelled"} 5.0',
        "# HELP videocraft_job_duration_seconds Job processing duration",
        "# TYPE videocraft_job_duration_seconds histogram",
        'videocraft_job_duration_seconds_bucket{le="10"} 45.0',
        'videocraft_job_duration_seconds_bucket{le="30"} 234.0',
        'videocraft_job_duration_seconds_bucket{le="300"} 1200.0',
        'videocraft_job_duration_seconds_bucket{le="+Inf"} 1247.0',
        "videocraft_job_duration_seconds_count 1247.0",
        "videocraft_job_duration_seconds_sum 61000.5",
    ]
    now = 1.5
    cinema.fail(COUNT_JOBS, UnavailableError("No answer."))
    with pytest.raises(UnavailableError):
        await figures.refresh()
    assert generate_latest(registry) == b""  # what nobody can tell is not told


async def test_figures_are_measured_before_they_are_told() -> None:
    measured = []

    async def measure() -> None:
        measured.append(1)

    async def fail() -> None:
        raise UnavailableError("No answer.")

    health = Health()
    health.measure(fail)
    health.measure(measure)
    assert b"reelbus_tasks_total" in await health.metrics()
    assert measured == [1]


def counted(method: str, status: int) -> float:
    found: float = REQUESTS.labels(method, str(status))._value.get()
    return found


@pytest.mark.parametrize("path", ["/metrics", f"{BASE}/metrics"])
def test_requests_are_counted(client: Client, path: str) -> None:
    before = counted("GET", 200), counted("GET", 404), counted("POST", 405), counted("HEAD", 200)
    client.get(f"{BASE}/jobs")
    client.get("/health")
    client.get(f"{BASE}/nothing")
    client.post(f"{BASE}/jobs")
    client.get("/jobs")  # other families
    client.get("/jobs/x")
    client.head("/health")
    after = counted("GET", 200), counted("GET", 404), counted("POST", 405), counted("HEAD", 200)
    assert [new - old for new, old in zip(after, before, strict=True)] == [2, 1, 1, 0]
    client.headers.pop("authorization")
    answer = client.get(path)
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE videocraft_api_requests_total counter" in answer.text
    assert 'videocraft_api_requests_total{method="GET",status="200"}' in answer.text


async def test_the_id_of_a_request_is_that_of_its_trace() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}

    scope = {"type": "http", "method": "GET", "path": f"{BASE}/jobs"}
    with TracerProvider().get_tracer("test").start_as_current_span("GET") as span:
        await Observing(app)(scope, receive, send)
    trace_id = format(span.get_span_context().trace_id, "032x")
    assert sent[0]["headers"] == [(b"x-request-id", f"req_{trace_id}".encode())]


# --- the document ---------------------------------------------------------------------------------


def test_openapi(client: Client) -> None:
    found = client.get("/schema/openapi.json").json()
    paths = {path: set(found["paths"][path]) for path in found["paths"] if path.startswith(BASE)}
    assert {path.removeprefix(BASE): methods for path, methods in paths.items()} == {
        "/generate-video": {"post"},
        "/videos": {"get"},
        "/videos/{video_id}": {"get", "delete"},
        **{
            f"/videos/{{video_id}}/{name}": {"get", "head"}
            for name in ("download", "preview", "subtitles.srt", "subtitles.vtt", "transcript.json")
        },
        "/jobs": {"get"},
        "/jobs/{job_id}": {"get"},
        "/jobs/{job_id}/status": {"get"},
        "/jobs/{job_id}/cancel": {"post"},
        "/csrf-token": {"get"},
        "/health": {"get", "head"},
        "/health/detailed": {"get"},
        "/live": {"get", "head"},
        "/ready": {"get", "head"},
        "/metrics": {"get", "head"},
    }
    assert set(found["paths"]["/health"]) == {"get", "head"}
    for method, path in (("post", "/generate-video"), ("delete", "/videos/{video_id}")):
        operation = found["paths"][BASE + path][method]
        assert "X-CSRF-Token" in [each["name"] for each in operation["parameters"]]
        assert operation["security"]
        assert {"401", "403", "429", "500", "503"} <= set(operation["responses"])
    assert "security" not in found["paths"][f"{BASE}/csrf-token"]["get"]
    generate = found["paths"][f"{BASE}/generate-video"]["post"]
    assert "scenes" in json.dumps(generate["requestBody"])
    assert {"202", "400", "413"} <= set(generate["responses"])
