"""Who may do what with jobs: every way to show who one is, on every endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import UnavailableError
from services.edge.models import ApiKeyRow
from tests.signing import hs256
from tests.unit.edge.office import ANN, NEW, Client, Office, bearer, office_client, refusal
from tests.unit.edge.verifying import Keys

JOB = UUID(int=7)
READS = [
    ("GET", "/jobs"),
    ("GET", f"/jobs/{JOB}"),
    ("GET", f"/outputs/{JOB}/output.mp4"),
    ("HEAD", f"/outputs/{JOB}/output.mp4"),
]
WRITES = [("POST", "/jobs"), ("DELETE", f"/jobs/{UUID(int=8)}"), ("POST", "/uploads")]
ENDPOINTS = READS + WRITES
Headers = dict[str, str]


@pytest.fixture
def office() -> Office:
    found = Office()
    found.made(7)
    found.have(8)
    return found


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def client(office: Office, keys: Keys) -> Iterator[Client]:
    with office_client(office, keys) as client:
        client.headers.pop("authorization")
        yield client


def ask(client: Client, method: str, path: str, headers: Headers) -> Any:
    body: dict[str, Any] = {}
    if method == "POST":
        body = {"json": NEW} if path == "/jobs" else {"files": {"file": ("a.mp4", b"video", "video/mp4")}}
    return client.request(method, path, headers=headers, **body)


def status_of(client: Client, method: str, path: str, headers: Headers) -> int:
    found: int = ask(client, method, path, headers).status_code
    return found


REFUSED: dict[str, Callable[[Keys], Headers]] = {
    "nothing": lambda _: {},
    "no token": lambda _: {"Authorization": "Bearer nonsense"},
    "another scheme": lambda _: {"Authorization": "Basic YTpi"},
    "another secret": lambda _: {"Authorization": f"Bearer {hs256()[:-2]}xx"},
    "an expired token": lambda _: bearer(exp=int(time.time()) - 120),
    "a token that never expires": lambda _: bearer(exp=None),
    "a token of nobody": lambda _: bearer(""),
    "an unknown key": lambda _: {"X-API-Key": Keys().make("ann")},
    "no key": lambda _: {"X-API-Key": "rb_x"},
    "a revoked key": lambda keys: {"X-API-Key": keys.make("ann", revoked=True)},
    "two users": lambda keys: {"X-API-Key": keys.make("bob"), **bearer()},
    "a good key and a bad token": lambda keys: {"X-API-Key": keys.make("ann"), "Authorization": "Bearer x"},
}
ADMITTED: dict[str, Callable[[Keys], Headers]] = {
    "a token": lambda _: bearer(),
    "a key": lambda keys: {"X-API-Key": keys.make("ann")},
    "both": lambda keys: {"X-API-Key": keys.make("ann"), **bearer()},
}
READ_ONLY: dict[str, Callable[[Keys], Headers]] = {
    "a token": lambda _: bearer(scope="read"),
    "a key": lambda keys: {"X-API-Key": keys.make("ann", "read")},
    "both, of which one is": lambda keys: {"X-API-Key": keys.make("ann", "read"), **bearer()},
}


@pytest.mark.parametrize("who", REFUSED)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=" ".join)
def test_refused(client: Client, office: Office, keys: Keys, endpoint: tuple[str, str], who: str) -> None:
    method, path = endpoint
    answer = ask(client, method, path, REFUSED[who](keys))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    if method != "HEAD":
        body = refusal(answer, 401, "Unauthorized")
        assert body["message"] == "Invalid or missing authentication token"
    assert office.calls == []


@pytest.mark.parametrize("who", ADMITTED)
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_admitted(client: Client, keys: Keys, method: str, path: str, who: str) -> None:
    assert status_of(client, method, path, ADMITTED[who](keys)) == 200


@pytest.mark.parametrize("who", READ_ONLY)
def test_read_only(client: Client, office: Office, keys: Keys, who: str) -> None:
    headers = READ_ONLY[who](keys)
    for method, path in READS:
        assert status_of(client, method, path, headers) == 200
    office.calls.clear()
    for method, path in WRITES:
        body = refusal(ask(client, method, path, headers), 403, "Forbidden")
        assert body["message"] == "Insufficient permissions"
    assert office.calls == []


def test_write_only(client: Client, keys: Keys) -> None:
    headers = {"X-API-Key": keys.make("ann", "write")}
    for method, path in WRITES:
        assert status_of(client, method, path, headers) == 200
    for method, path in READS:
        assert status_of(client, method, path, headers) == 403


def test_others(client: Client, office: Office) -> None:
    """What is somebody else's is not there."""
    headers = bearer("bob")
    assert ask(client, "GET", "/jobs", headers).json()["total"] == 0
    for method, path in [*READS[1:], WRITES[1]]:
        answer = ask(client, method, path, headers)
        assert answer.status_code == 404
        if method != "HEAD":
            assert refusal(answer, 404, "Not Found")["message"] == "Job not found"
    body = refusal(ask(client, "POST", "/jobs", headers), 400, "Bad Request", "details")
    assert body["details"]["field"] == "input_path"
    assert office.added[UUID(int=8)].job.state.value == "processing"


def test_users_whose_names_are_odd(client: Client, office: Office) -> None:
    """A user called like an owner of another kind is none."""
    for user in ("public", "user:ann", "motion:x", "../ann"):
        assert ask(client, "GET", "/jobs", bearer(user)).json()["total"] == 0
    owners = [request.owner for _, request in office.calls]
    assert owners == ["user:public", "user:user:ann", "user:motion:x", "user:../ann"]
    assert ANN not in owners


def test_writes_are_limited_by_user(office: Office, keys: Keys) -> None:
    with office_client(office, keys, jobs_rate=2) as client:
        assert client.post("/jobs", json=NEW).status_code == 200
        client.headers.pop("authorization")
        key = {"X-API-Key": keys.make("ann")}  # another way in, the same user
        assert client.delete(f"/jobs/{UUID(int=8)}", headers=key).status_code == 200
        for method, path in WRITES:
            answer = ask(client, method, path, key)
            body = refusal(answer, 429, "Too Many Requests", "retry_after")
            assert (body["message"], body["retry_after"]) == ("Rate limit exceeded", 17)
            assert answer.headers["retry-after"] == "17"
        for method, path in READS:
            assert status_of(client, method, path, key) == 200
        assert client.post("/jobs", json=NEW, headers=bearer("bob")).status_code == 400


def test_what_is_not_allowed_is_not_counted(office: Office, keys: Keys) -> None:
    with office_client(office, keys, jobs_rate=1) as client:
        for _ in range(3):
            assert client.post("/jobs", json=NEW, headers=bearer(scope="read")).status_code == 403
        assert client.post("/jobs", json=NEW).status_code == 200


def test_refusals_are_limited_by_address(office: Office) -> None:
    with office_client(office, jobs_refused_rate=2) as client:
        bad = {"Authorization": "Bearer x"}
        assert client.get("/jobs", headers=bad).status_code == 401
        assert client.post("/uploads", headers=bad).status_code == 401
        refusal(client.get("/jobs", headers=bad), 429, "Too Many Requests", "retry_after")
        assert client.get("/jobs").status_code == 200


def test_nobody_can_tell_who_it_is(office: Office) -> None:
    """The database of keys is away: no 401."""

    class Away(Keys):
        async def find(self, prefix: str) -> ApiKeyRow | None:
            raise UnavailableError("The database does not answer.")

    with office_client(office, Away()) as client:
        answer = client.get("/jobs", headers={"X-API-Key": Keys().make("ann")})
        refusal(answer, 503, "Service Unavailable")
        assert answer.headers["retry-after"] == "3"


def test_credentials_come_before_the_body(client: Client, office: Office) -> None:
    for body in (b"", b"{", b"x" * (1 << 17)):
        assert client.post("/jobs", content=body).status_code == 401
    assert client.post("/uploads", content=b"x").status_code == 401
    assert client.get("/jobs?limit=nonsense").status_code == 401
    assert office.calls == []
