"""Who may do what, and the envelopes of those who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import InternalError, UnavailableError
from libs.contracts.movies import GET_MAKING
from libs.contracts.rpc import SUBMIT_JOBS
from tests.unit.edge.office import Client, bearer
from tests.unit.edge.verifying import Keys
from tests.unit.edge.videocraft.cinema import BASE, MOVIE, Cinema, cinema_client, refusal

JOB, OTHER = UUID(int=7), UUID(int=8)
VIDEO = f"{BASE}/videos/video_{JOB.hex}"
READS = [
    ("GET", f"{BASE}/jobs"),
    ("GET", f"{BASE}/jobs/{JOB}"),
    ("GET", f"{BASE}/jobs/{JOB}/status"),
    ("GET", f"{BASE}/videos"),
    ("GET", VIDEO),
    ("GET", f"{VIDEO}/download"),
    ("HEAD", f"{VIDEO}/download"),
    ("GET", f"{VIDEO}/preview"),
    ("GET", f"{VIDEO}/subtitles.srt"),
    ("GET", f"{VIDEO}/subtitles.vtt"),
    ("GET", f"{VIDEO}/transcript.json"),
    ("GET", f"{BASE}/health/detailed"),
]
WRITES = [
    ("POST", f"{BASE}/generate-video"),
    ("POST", f"{BASE}/jobs/{OTHER}/cancel"),
    ("DELETE", VIDEO),
]
Headers = dict[str, str]


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def client(cinema: Cinema, keys: Keys) -> Iterator[Client]:
    cinema.film(7)
    cinema.making(8)
    with cinema_client(cinema, keys) as client:
        client.headers.pop("authorization")
        yield client


def ask(client: Client, method: str, path: str, headers: Headers) -> Any:
    return client.request(method, path, headers=headers, json=MOVIE if method == "POST" else None)


REFUSED: dict[str, Callable[[Keys], Headers]] = {
    "no token": lambda _: {"Authorization": "Bearer nonsense"},
    "another scheme": lambda _: {"Authorization": "Basic YTpi"},
    "an unknown key as a token": lambda _: {"Authorization": f"Bearer {Keys().make('ann')}"},
    "a revoked key as a token": lambda keys: {"Authorization": f"Bearer {keys.make('ann', revoked=True)}"},
    "an unknown key": lambda _: {"X-API-Key": Keys().make("ann")},
    "two users": lambda keys: {"X-API-Key": keys.make("bob"), "Authorization": f"Bearer {keys.make('ann')}"},
    "an empty key": lambda _: {"X-API-Key": ""},
}
ADMITTED: dict[str, Callable[[Keys], Headers]] = {
    "a token": lambda _: bearer(),
    "a key as a token": lambda keys: {"Authorization": f"Bearer {keys.make('ann')}"},
    "a key": lambda keys: {"X-API-Key": keys.make("ann")},
}


@pytest.mark.parametrize(("method", "path"), READS + WRITES)
def test_without_credentials(client: Client, cinema: Cinema, method: str, path: str) -> None:
    answer = ask(client, method, path, {})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    if method != "HEAD":
        body = refusal(answer, 401, "MISSING_AUTH_HEADER", "help_url")
        assert body["error"] == "Authorization header required"
        assert body["help_url"] == "https://docs.videocraft.io/errors/authentication"
    assert cinema.calls == []


@pytest.mark.parametrize("who", REFUSED)
def test_bad_credentials(client: Client, cinema: Cinema, keys: Keys, who: str) -> None:
    for method, path in READS + WRITES:
        answer = ask(client, method, path, REFUSED[who](keys))
        assert answer.status_code == 401
        if method != "HEAD":
            assert refusal(answer, 401, "INVALID_API_KEY")["error"] == "Invalid API key"
    assert cinema.calls == []


@pytest.mark.parametrize("who", ADMITTED)
def test_admitted(client: Client, keys: Keys, who: str) -> None:
    for method, path in READS + WRITES:
        assert ask(client, method, path, ADMITTED[who](keys)).status_code in (200, 202), path


def test_read_only_keys(client: Client, cinema: Cinema, keys: Keys) -> None:
    headers = {"Authorization": f"Bearer {keys.make('ann', 'read')}"}
    for method, path in READS:
        assert ask(client, method, path, headers).status_code == 200
    cinema.calls.clear()
    for method, path in WRITES:
        refusal(ask(client, method, path, headers), 403, "INSUFFICIENT_SCOPE")
    assert cinema.calls == []


def test_what_is_somebody_elses_is_not_there(client: Client, cinema: Cinema) -> None:
    headers = bearer("bob")
    for method, path in [*READS[1:3], WRITES[1]]:
        assert refusal(ask(client, method, path, headers), 404, "JOB_NOT_FOUND")["error"] == "Job not found"
    for method, path in [*READS[4:6], *READS[7:11], WRITES[2]]:
        body = refusal(ask(client, method, path, headers), 404, "VIDEO_NOT_FOUND")
        assert body["error"] == "Video not found"
    for path in ("jobs", "videos"):
        found = client.get(f"{BASE}/{path}", headers=headers).json()["data"]
        assert (found[path], found["pagination"]["total"]) == ([], 0)
    assert cinema.makings[JOB].removed_at is None
    assert cinema.makings[OTHER].job.state.value == "processing"


def test_writes_are_limited_by_user(cinema: Cinema) -> None:
    with cinema_client(cinema, whole=True, videocraft_rate=2) as client:
        for _ in range(2):
            assert client.post(f"{BASE}/generate-video", json=MOVIE).status_code == 202
        answer = client.post(f"{BASE}/generate-video", json=MOVIE)
        body = refusal(answer, 429, "RATE_LIMIT_EXCEEDED", "retry_after", "limit", "remaining", "reset_at")
        assert (body["error"], body["retry_after"]) == ("Rate limit exceeded", 17)
        assert (body["limit"], body["remaining"]) == (2, 0)
        assert body["reset_at"] > body["timestamp"]
        assert answer.headers["retry-after"] == "17"
        assert client.get(f"{BASE}/jobs").status_code == 200
        answer = client.post(f"{BASE}/generate-video", json=MOVIE, headers=bearer("bob"))
        assert answer.status_code == 202
        assert client.post("/jobs", json={}).status_code == 400  # counts apart


def test_paths_and_methods_that_there_are_not(client: Client) -> None:
    for path in ("", "/", "/x", "/jobs/x/y", "/videos/x/y", "/generate-video/x"):
        refusal(client.get(BASE + path), 404, "NOT_FOUND")
    for path in ("/health/x", "/live/x", "/metrics/x"):
        refusal(client.get(path), 404, "NOT_FOUND")
    for method, path in (
        ("GET", "/generate-video"),
        ("PUT", "/jobs"),
        ("PATCH", "/videos"),
        ("POST", "/health"),
    ):
        answer = client.request(method, BASE + path)
        refusal(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"]
    answer = client.post("/health")
    refusal(answer, 405, "METHOD_NOT_ALLOWED")
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].replace(" ", "").split(","))


def test_what_fails(cinema: Cinema) -> None:
    with cinema_client(cinema) as client:
        cinema.fail(GET_MAKING, InternalError("A secret of ours."))
        body = refusal(client.get(f"{BASE}/jobs/{JOB}"), 500, "INTERNAL_ERROR", "help_url")
        assert body["error"].startswith("An internal error occurred.")
        assert body["help_url"] == "https://docs.videocraft.io/errors/general"
        cinema.fail(GET_MAKING, UnavailableError("No answer."))
        answer = client.get(f"{BASE}/jobs/{JOB}")
        refusal(answer, 503, "SERVICE_UNAVAILABLE")
        assert answer.headers["retry-after"] == "3"
        cinema.fail(SUBMIT_JOBS, RuntimeError("A defect."))
        refusal(client.post(f"{BASE}/generate-video", json=MOVIE), 500, "INTERNAL_ERROR", "help_url")


def test_ids_of_requests_differ(client: Client) -> None:
    ids = {client.get(f"{BASE}/csrf-token").json()["request_id"] for _ in range(3)}
    assert len(ids) == 3


def test_pages_of_others_may_call(client: Client) -> None:
    asked = {"origin": "https://app.test", "access-control-request-method": "POST"}
    asked["access-control-request-headers"] = "authorization, x-csrf-token"
    answer = client.options(f"{BASE}/generate-video", headers=asked)
    assert answer.status_code == 204
    assert "x-csrf-token" in answer.headers["access-control-allow-headers"]
    answer = client.get(f"{BASE}/csrf-token", headers={"origin": "https://app.test"})
    assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
