"""Whose pages may open a socket, and under which names; with a real server, whose handshakes they are."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.unit.notify.serving import ALICE, Place, notify

pytestmark = pytest.mark.anyio

APP = "https://app.example"
EVIL = "https://evil.example"
NAMED = {"cors_origins": [APP, "https://*.pages.example"]}


async def opens(place: Place, path: str = "/ws/web-1", **headers: str) -> bool:
    """Whether there is a socket; if not, the handshake was refused with 403."""
    try:
        async with place.socket(path, **headers) as client:
            return (await client.get())["type"] in {"connection", "PING"}
    except InvalidStatus as error:
        if error.response.status_code != 403:
            raise
        return False


async def test_by_default_all_pages_may_as_with_cors() -> None:
    async with notify() as place:
        for origin in (APP, EVIL, "null", "file://", ""):
            assert await opens(place, Origin=origin), origin
        assert await opens(place)


async def test_pages_are_those_that_may_call() -> None:
    async with notify(**NAMED) as place:
        assert await opens(place)
        for origin in (APP, "https://a.pages.example"):
            assert await opens(place, Origin=origin), origin
        for origin in (EVIL, "null", "", "file://", f"{APP}.evil.example", f"{APP}, {EVIL}", APP.upper(),
                       "http://app.example", "https://app.example:444", "*"):  # fmt: skip
            assert not await opens(place, Origin=origin), origin


async def test_own_pages_always_may() -> None:
    async with notify(cors_origins=[], public_url="https://media.example.com/reelbus") as place:
        for origin, host in (
            ("http://localhost:8000", "localhost:8000"),
            ("http://localhost", "localhost"),
            ("http://localhost", "LOCALHOST:80"),
            ("https://192.168.1.5", "192.168.1.5"),
            ("https://192.168.1.5", "192.168.1.5:443"),
            ("http://[::1]:8000", "[::1]:8000"),
            ("https://media.example.com", "gateway:8000"),
            ("https://media.example.com", "media.example.com"),
        ):
            assert await opens(place, Origin=origin, Host=host), (origin, host)
        for origin, host in (
            ("http://localhost:3000", "localhost:8000"),  # another program's page
            ("http://localhost", "localhost:8000"),
            ("https://media.example.com:8443", "media.example.com"),
            ("ftp://localhost", "localhost"),
            ("localhost", "localhost"),
            (EVIL, "localhost"),
            ("null", "localhost"),
        ):
            assert not await opens(place, Origin=origin, Host=host), (origin, host)


async def test_a_proxy_tells_which_host_a_page_came_to() -> None:
    """Its own name is in `Host`."""
    settings: dict[str, Any] = {"cors_origins": [], "allowed_hosts": ["media.example.com"]}
    headers = {"Origin": "https://media.example.com", "X_Forwarded_Host": "media.example.com"}
    async with notify(**settings) as place:
        assert await opens(place, **headers)
        assert not await opens(place, **(headers | {"X_Forwarded_Host": "evil.example"}))
    async with notify(**settings, trusted_proxies=["10.0.0.0/8"]) as place:
        assert not await opens(place, **headers)


async def test_credentials_open_no_door() -> None:
    """A page that has a token of its own is told no more than one that has none."""
    way = {"path": f"/ws/alice?token={ALICE}"}
    async with notify(**NAMED, ws_ping=0.02) as place:
        assert await opens(place, **way, Origin=APP)
        assert not await opens(place, **way, Origin=EVIL)
        assert len({each.token for each in place.asked}) == 1  # of the first alone
        assert await opens(place, **way)


async def test_strange_names_get_no_handshake() -> None:
    async with notify(allowed_hosts=["media.example.com"]) as place:
        for host in ("localhost:8000", "127.0.0.1", "gateway", "media.example.com"):
            assert await opens(place, Host=host), host
        for host in ("evil.example", "x.media.example.com"):
            assert not await opens(place, Host=host), host
        assert not await opens(place, host="localhost")  # a second one
        assert not await opens(place, Host="evil.example", Origin="http://evil.example")
    assert dict(place.hub._channels) == {}


async def test_plain_requests_under_strange_names() -> None:
    async with notify() as place, httpx.AsyncClient(base_url=place.url.replace("ws", "http", 1)) as client:
        strange = await client.get("/ws/web-1", headers={"Host": "evil.example"})
        assert (strange.status_code, strange.json().keys()) == (421, {"detail"})
        senseless = await client.get("/ws/web-1", headers={"Host": "a b"})
        assert senseless.status_code == 400
        assert (await client.get("/ws/web-1")).status_code in (404, 405)
