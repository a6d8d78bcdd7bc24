"""How often the Motion Photo family may be called, by whom: counted before anything else is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from litestar.testing import TestClient
from pydantic import SecretStr

from libs.contracts.errors import UnavailableError
from services.edge.settings import EdgeSettings
from tests.unit.edge.motion import SESSION, Client, Studio, motion_edge, refusal
from tests.unit.edge.visiting import Visit

BODY = {"session_id": str(SESSION), "timestamp": 1}
ALPHA, BETA = {"authorization": "Bearer alpha"}, {"authorization": "Bearer beta"}


@pytest.fixture
def studio() -> Studio:
    return Studio()


def edge(studio: Studio, **settings: Any) -> SimpleNamespace:
    return motion_edge(studio, **({"motion_ip_rate": 2, "motion_token_rate": 3} | settings))


def client_of(edge: SimpleNamespace, peer: str = "127.0.0.1") -> Client:
    """A client at `peer`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await edge.app({**scope, "client": (peer, 5)}, receive, send)

    return TestClient(app, base_url="http://media.test")


def statuses(client: Client, count: int, headers: Any = None) -> list[int]:
    return [client.post("/cleanup", json=BODY, headers=headers).status_code for _ in range(count)]


def test_the_four_calls_count_together_and_nothing_else_does(studio: Studio) -> None:
    found = edge(studio, motion_ip_rate=4)
    with client_of(found, "203.0.113.1") as client:
        for _ in range(10):
            client.get("/health")
            client.head("/health")
            client.get(f"/preview/{SESSION}.mp4")
            client.get("/prepare")
            client.options("/prepare")
            client.post("/upload")
        assert not found.limiter.taken
        calls = [client.post(path) for path in ("/prepare", "/convert", "/thumbnail", "/cleanup")]
        assert [answer.status_code for answer in calls] == [400] * 4
        answer = client.post("/thumbnail", json=BODY)
    refusal(answer, 429, "RATE_LIMITED")
    assert answer.headers["retry-after"] == "17"
    assert found.limiter.taken == {("motion-ip", "203.0.113.1"): 4}


def test_addresses_count_apart(studio: Studio) -> None:
    found = edge(studio)
    for peer in ("203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8:0:1::1"):
        with client_of(found, peer) as client:
            assert statuses(client, 3) == [404, 404, 429]


def test_who_has_many_addresses_of_one_network_is_one(studio: Studio) -> None:
    found = edge(studio)
    for peer, expected in (("2001:db8::1", 404), ("2001:db8::2:3", 404), ("2001:db8::ffff:1:2:3", 429)):
        with client_of(found, peer) as client:
            assert statuses(client, 1) == [expected]


def test_who_makes_up_where_he_comes_from_is_not_believed(studio: Studio) -> None:
    with client_of(edge(studio), "203.0.113.1") as client:
        lies = [{"x-forwarded-for": f"198.51.100.{number}"} for number in range(3)]
        assert [statuses(client, 1, headers)[0] for headers in lies] == [404, 404, 429]


def test_behind_a_trusted_proxy_the_client_counts_and_not_what_he_says(studio: Studio) -> None:
    found = edge(studio)
    with client_of(found, "10.0.0.1") as client:
        lies = [{"x-forwarded-for": f"198.51.100.{number}, 203.0.113.1"} for number in range(3)]
        assert [statuses(client, 1, headers)[0] for headers in lies] == [404, 404, 429]
        assert statuses(client, 1, {"x-forwarded-for": "203.0.113.2"}) == [404]
    assert set(found.limiter.taken) == {("motion-ip", "203.0.113.1"), ("motion-ip", "203.0.113.2")}


def test_tokens_count_apart_from_wherever(studio: Studio) -> None:
    found = edge(studio, motion_tokens=SecretStr("alpha,beta"))
    for peer, expected in (("203.0.113.1", [404, 404]), ("203.0.113.2", [404, 429])):
        with client_of(found, peer) as client:
            assert statuses(client, 2, ALPHA) == expected
    with client_of(found, "203.0.113.1") as client:
        assert statuses(client, 4, BETA) == [404, 404, 404, 429]
    assert {name for name, _ in found.limiter.taken} == {"motion-token"}
    assert not {"alpha", "beta"} & {caller for _, caller in found.limiter.taken}


def test_who_guesses_tokens_counts_as_his_address(studio: Studio) -> None:
    with client_of(edge(studio, motion_tokens=SecretStr("alpha")), "203.0.113.1") as client:
        guesses = [{"authorization": f"Bearer {number}"} for number in range(3)]
        assert [statuses(client, 1, headers)[0] for headers in guesses] == [401, 401, 429]
        assert statuses(client, 1) == [429]
        assert statuses(client, 1, ALPHA) == [404]


def test_where_no_tokens_are_set_a_token_is_no_way_around(studio: Studio) -> None:
    with client_of(edge(studio), "203.0.113.1") as client:
        assert statuses(client, 3, ALPHA) == [404, 404, 429]


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/prepare", "/convert", "/thumbnail", "/cleanup"])
async def test_the_body_is_not_read_then(studio: Studio, path: str) -> None:
    app = edge(studio, motion_ip_rate=1).app
    await Visit(app, path, b"").task
    calls = len(studio.calls)
    visit = Visit(app, path, [b"x" * 10], [(b"content-length", b"1000000")])
    await visit.task
    assert (visit.status, visit.read, len(studio.calls)) == (429, 0, calls)
    assert visit.headers[b"retry-after"] == b"17"


def test_a_lost_database_hurts_what_is_limited_alone(studio: Studio) -> None:
    async def away(*_: Any) -> None:
        raise UnavailableError("The database does not answer.")

    found = edge(studio)
    found.limiter.take = away
    with client_of(found) as client:
        answer = client.post("/cleanup", json=BODY)
        refusal(answer, 503, "SERVICE_UNAVAILABLE")
        assert "retry-after" in answer.headers
        assert client.get("/video/view/all").status_code == client.head("/health").status_code == 200


@pytest.mark.parametrize(("text", "on"), [("off", False), ("on", True), ("false", False), ("1", True)])
def test_the_switch(monkeypatch: pytest.MonkeyPatch, text: str, on: bool) -> None:
    assert EdgeSettings().rate_limits
    monkeypatch.setenv("REELBUS_RATE_LIMITS", text)
    assert EdgeSettings().rate_limits is on


@pytest.mark.parametrize("path", ["/health", f"/preview/{SESSION}.mp4", f"/preview/{SESSION}.mp4?key=guess"])
def test_guesses_count_everywhere(studio: Studio, path: str) -> None:
    """Also where a right token, or none, is not counted."""
    found = edge(studio, motion_tokens=SecretStr("alpha"))
    wrong = {} if "key" in path else BETA
    with client_of(found, "203.0.113.1") as client:
        method = "HEAD" if path == "/health" else "GET"
        asked = [client.request(method, path, headers=wrong).status_code for _ in range(3)]
        assert asked == [401, 401, 429]
        assert client.head("/health", headers=ALPHA).status_code == 200
