"""Under which names the system is called, and how those are sent away who call another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from pydantic import ValidationError

from libs.chassis.hosts import BadHostError, Hosts
from libs.chassis.proxies import Proxies
from services.edge.settings import EdgeSettings
from tests.unit.edge.motion import Studio, motion_edge

PROXIES = Proxies(["127.0.0.0/8", "10.0.0.0/8"])
EVIL = "evil.example"
STRANGER = ("203.0.113.9", 5)
PROXY = ("127.0.0.1", 5)


def scope_of(*headers: tuple[str, str], peer: Any = STRANGER) -> dict[str, Any]:
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "headers": sent, "client": peer}


def ours(*headers: tuple[str, str], peer: Any = STRANGER, url: str | None = None, allowed: Any = ()) -> bool:
    hosts = Hosts(url, allowed, PROXIES)
    return hosts.ours(hosts.named(scope_of(*headers, peer=peer)))


HARMLESS = [
    "localhost", "LOCALHOST:8000", "localhost.", "a.localhost:8000", "127.0.0.1:8000", "192.168.1.5",
    "10.244.3.7:8080", "203.0.113.1", "[::1]:8000", "[fd00::1]", "gateway:8000", "reelbus-edge", "x",
]  # fmt: skip
STRANGE = [
    EVIL, "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost.example",
    "media.local", "999.1.1.1", "xlocalhost.x",
]  # fmt: skip


@pytest.mark.parametrize("host", HARMLESS)
def test_what_no_stranger_can_have_lead_elsewhere_is_ours(host: str) -> None:
    assert ours(("Host", host))


@pytest.mark.parametrize("host", STRANGE)
def test_any_other_name_is_a_strangers(host: str) -> None:
    assert not ours(("Host", host))


@pytest.mark.parametrize(
    ("url", "allowed", "host", "found"),
    [
        ("https://media.example.com", [], "media.example.com", True),
        ("https://Media.example.com:8443/reelbus", [], "media.EXAMPLE.com.", True),
        ("https://media.example.com", [], "media.example.com:1", True),  # a name leads where it leads
        ("https://media.example.com", [], "example.com", False),
        ("https://media.example.com", [], "x.media.example.com", False),
        ("https://media.example.com", [], EVIL, False),
        ("https://media.example.com", [], "192.168.1.5", True),
        (None, ["a.example", "b.example"], "b.example:8000", True),
        (None, ["a.example"], "xa.example", False),
        (None, ["a.example"], "aXexample.x", False),
        (None, ["*.a.example"], "x.a.example", True),
        (None, ["*.a.example"], "x.y.a.example", True),
        (None, ["*.a.example"], "a.example", False),
        (None, ["*.a.example"], "xa.example", False),
        (None, ["*"], EVIL, True),
    ],
)  # fmt: skip
def test_names_are_those_of_the_settings(url: str | None, allowed: list[str], host: str, found: bool) -> None:
    assert ours(("Host", host), url=url, allowed=allowed) is found
    settings = EdgeSettings(public_url=url, allowed_hosts=allowed)
    assert settings.hosts().ours(settings.hosts().named(scope_of(("Host", host)))) is found


def test_no_host_at_all_is_no_browsers() -> None:
    assert ours()


def test_what_a_trusted_proxy_says_counts_too() -> None:
    """It may have written its own name into `Host`, and a page the other header: both must be ours."""
    assert not ours(("Host", "gateway"), ("X-Forwarded-Host", EVIL), peer=PROXY)
    assert not ours(("Host", EVIL), ("X-Forwarded-Host", "localhost"), peer=PROXY)
    assert not ours(("Host", "gateway"), ("X-Forwarded-Host", f"localhost, {EVIL}"), peer=PROXY)
    assert ours(("Host", "gateway"), ("X-Forwarded-Host", f"{EVIL}, localhost"), peer=PROXY)
    assert ours(("Host", "gateway"), ("X-Forwarded-Host", "a b"), peer=PROXY)
    assert ours(("Host", "gateway"), ("X-Forwarded-Host", EVIL), peer=STRANGER)


@pytest.mark.parametrize(
    "hosts", [["a b"], ["a/b"], ["a@b"], [""], ["[::1"], ["a:99999"], ["a", "b"], ["a", "a"]]
)
def test_a_host_that_is_none(hosts: list[str]) -> None:
    with pytest.raises(BadHostError):
        ours(*[("Host", each) for each in hosts], allowed=["*"])


@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=40))
def test_no_text_before_a_strangers_name_makes_it_ours(text: str) -> None:
    for name in (f"{text}.{EVIL}", f"{text}{EVIL}"):
        try:
            assert not ours(("Host", name), url="https://media.example.com", allowed=["*.a.example"])
        except BadHostError:
            continue


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a.example", ["a.example"]),
        ("A.example., *.b.example", ["a.example", "*.b.example"]),
        ('["a.example", "*"]', ["a.example", "*"]),
        ("192.168.1.5,[::1]", ["192.168.1.5", "[::1]"]),
    ],
)
def test_hosts_are_a_list(text: str, found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELBUS_ALLOWED_HOSTS", text)
    assert EdgeSettings().allowed_hosts == found


@pytest.mark.parametrize(
    "text", ["https://a.example", "a.example:8000", "a b", "a.*.example", "*a", "**.a", "a,,b"]
)
def test_lists_that_are_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELBUS_ALLOWED_HOSTS", text)
    with pytest.raises(ValidationError, match="allowed_hosts"):
        EdgeSettings()


# --- the edge -------------------------------------------------------------------------------------


@pytest.fixture
def client() -> Iterator[TestClient[Any]]:
    edge = motion_edge(Studio(), allowed_hosts=[], public_url="https://media.example.com")
    with TestClient(edge.app, base_url="http://127.0.0.1:8000") as client:
        yield client


WORDS = "REELBUS_ALLOWED_HOSTS"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "keys", "said"),
    [
        ("/upload", {"detail"}, {}),
        ("/video/view/all", {"detail"}, {}),
        ("/nothing", {"detail"}, {}),
        ("/", {"detail"}, {}),
        ("/prepare", {"detail", "error_code", "timestamp"}, {"error_code": "MISDIRECTED_REQUEST"}),
        ("/jobs", {"error", "message"}, {"error": "Misdirected Request"}),
        ("/api/v1/jobs", {"error", "code", "timestamp", "request_id"}, {"code": "MISDIRECTED_REQUEST"}),
        ("/health", {"error", "code", "timestamp", "request_id"}, {"code": "MISDIRECTED_REQUEST"}),
    ],
)
def test_a_page_of_another_name_is_sent_away_as_its_family_does(
    client: TestClient[Any], method: str, path: str, keys: set[str], said: dict[str, str]
) -> None:
    answer = client.request(method, path, headers={"host": EVIL})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == keys
    assert said.items() <= body.items()
    assert any(WORDS in str(value) for value in body.values())
    assert ("x-request-id" in answer.headers) == ("request_id" in keys)


@pytest.mark.parametrize("host", ["media.example.com", "127.0.0.1", "localhost:8000", "[::1]", "gateway"])
def test_own_names_are_served(client: TestClient[Any], host: str) -> None:
    assert client.get("/video/view/all", headers={"host": host}).status_code == 200


def test_a_host_that_is_none_is_400_everywhere(client: TestClient[Any]) -> None:
    answer = client.get("/video/view/all", headers={"host": "a b"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "The Host header of the request makes no sense."},
    )


def test_a_page_that_may_call_can_read_why_not(client: TestClient[Any]) -> None:
    answer = client.get("/video/view/all", headers={"host": EVIL, "origin": "https://app.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (421, "*")
