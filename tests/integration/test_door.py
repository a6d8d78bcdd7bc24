"""What a page of a stranger cannot do: call under a name of its own, or open a socket where pages are named;
through the gateway, and to services with settings of their own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.integration.beside import beside, edges
from tests.stack.harness import Stack, wait_until

EVIL = "evil.example"
APP, STRANGER = "https://app.example", "https://elsewhere.example"


def opens(url: str, *, host: str = "", origin: str | None = None) -> bool:
    """Whether there is a socket; if not, the handshake was refused with 403."""
    server = urlsplit(url)
    headers = {} if origin is None else {"Origin": origin}
    line = socket.create_connection((server.hostname, server.port), timeout=10)
    uri = f"ws://{host or server.netloc}/ws/web-1"
    try:
        with connect(uri, sock=line, additional_headers=headers) as client:
            return bool(json.loads(client.recv(10))["type"] == "connection")
    except InvalidStatus as error:
        if error.response.status_code != 403:
            raise
        return False


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("POST", "/upload", "detail"),
        ("PUT", "/video/upload", "detail"),
        ("GET", "/video/view/all", "detail"),
        ("POST", "/prepare", "error_code"),
        ("GET", "/jobs", "message"),
        ("GET", "/api/v1/csrf-token", "request_id"),
        ("GET", "/health", "request_id"),
        ("GET", "/schema", "detail"),
    ],
)
def test_nothing_is_served_under_a_strangers_name(stack: Stack, method: str, path: str, key: str) -> None:
    files = {"file": ("a.mp4", b"x" * 500_000, "video/mp4")} if method != "GET" else None
    answer = httpx.request(method, f"{stack.url}{path}", headers={"Host": f"{EVIL}:8000"}, files=files)
    assert answer.status_code == 421
    assert key in answer.json()
    assert "REELBUS_ALLOWED_HOSTS" in answer.text


@pytest.mark.parametrize("path", ["/live", "/ready", "/serving", "/metrics"])
def test_probes_and_prometheus_come_under_any_name(stack: Stack, path: str) -> None:
    for host in ("10.244.3.7:8080", "reelbus-edge.reelbus.svc.cluster.local", EVIL):
        assert httpx.get(f"{stack.url}{path}", headers={"Host": host}).status_code == 200


def test_addresses_and_names_of_ones_own_network_are_served(stack: Stack) -> None:
    for host in ("localhost:8000", "127.0.0.1", "192.168.1.5", "[::1]:8000", "gateway"):
        assert httpx.get(f"{stack.url}/video/view/all", headers={"Host": host}).status_code == 200
        assert opens(stack.url, host=host)


def test_sockets_are_not_opened_under_a_strangers_name(stack: Stack) -> None:
    assert not opens(stack.url, host=EVIL)
    assert not opens(stack.url, host=EVIL, origin=f"http://{EVIL}")


def test_by_default_sockets_are_for_all_pages_as_requests_are(stack: Stack) -> None:
    for origin in (APP, STRANGER, "null", None):
        assert opens(stack.url, origin=origin)


@pytest.fixture(scope="module")
def named(stack: Stack) -> Iterator[str]:
    """A notify that knows which pages may call."""
    with beside(stack, "notify", "named", {"REELBUS_CORS_ORIGINS": json.dumps([APP])}) as notify:
        wait_until(notify.ready, 30)
        yield notify.url


def test_where_pages_are_named_sockets_are_for_those(named: str) -> None:
    assert opens(named)
    assert opens(named, origin=APP)
    assert opens(named, origin=named)
    for origin in (STRANGER, "null", f"{APP}.evil.example", "http://localhost:1"):
        assert not opens(named, origin=origin)


@pytest.fixture(scope="module")
def renamed(stack: Stack) -> Iterator[Sequence[str]]:
    """An edge that has more names."""
    with edges(stack, 1, {"REELBUS_ALLOWED_HOSTS": "media.example.com,*.pages.example"}) as urls:
        yield urls


def test_more_names_are_a_setting(renamed: Sequence[str]) -> None:
    for host, status in (
        ("media.example.com", 200),
        ("a.pages.example:8000", 200),
        ("127.0.0.1", 200),
        ("pages.example", 421),
        (EVIL, 421),
    ):
        answer = httpx.get(f"{renamed[0]}/video/view/all", headers={"Host": host})
        assert answer.status_code == status, host


def test_a_proxy_that_keeps_the_name_to_itself_hides_none(renamed: Sequence[str]) -> None:
    """Some write their own into `Host`, and what they were called into another header."""
    for host, status in (("media.example.com", 200), (EVIL, 421)):
        headers = {"Host": "gateway", "X-Forwarded-Host": host}
        assert httpx.get(f"{renamed[0]}/video/view/all", headers=headers).status_code == status, host
