"""Absolute links: whose word about our address counts."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Request
from pydantic import ValidationError

from libs.chassis.links import Links
from libs.chassis.proxies import Proxies
from libs.contracts.errors import InvalidInputError
from services.edge.settings import EdgeSettings
from tests.unit.edge.backend import serving

PROXIES = ["127.0.0.0/8", "::1/128", "10.1.0.0/16"]
PATH = "/storage/modi/a.mp4"


def link(
    *headers: tuple[str, str],
    peer: Any = ("127.0.0.1", 5),
    scheme: str = "http",
    path: str = PATH,
    **scope: Any,
) -> str:
    found = {
        "type": "http", "scheme": scheme, "client": peer, "server": ("10.0.0.9", 9000), "path": "/",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "method": "GET", **scope,
    }  # fmt: skip
    request: Request[Any, Any, Any] = Request(cast("Any", found))
    return Links(None, Proxies(PROXIES)).to(request, path)


HOST = ("Host", "media.test:8000")


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("media.test", "media.test"),
        ("media.test:8000", "media.test:8000"),
        ("media.test:80", "media.test"),
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("[::1]:8000", "[::1]:8000"),
        ("[::1]", "[::1]"),
        ("edge_1", "edge_1"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_the_host_of_the_request(host: str, shown: str) -> None:
    assert link(("Host", host)) == f"http://{shown}{PATH}"


@pytest.mark.parametrize(
    "host",
    ["", "a b", "a/b", "a?b", "a#b", "u@a", "a:", "a:b", "a:0", "a:65536", "a:-1", "a:1:2", "[::1", "::1",
     "[]", "[zz]", "[1.2.3.4]x", "-a", "a\tb", "é.test", "a,b", '"a"', "<a>", "a" * 300],
)  # fmt: skip
def test_a_host_that_makes_no_sense(host: str) -> None:
    with pytest.raises(InvalidInputError):
        link(("Host", host))


def test_two_hosts_are_none() -> None:
    with pytest.raises(InvalidInputError):
        link(("Host", "a.test"), ("Host", "b.test"))


def test_without_a_host_the_address_that_was_called() -> None:
    assert link() == f"http://10.0.0.9:9000{PATH}"
    assert link(server=("::1", 9000)) == f"http://[::1]:9000{PATH}"
    with pytest.raises(InvalidInputError):
        link(server=None)


@pytest.mark.parametrize("peer", [("127.0.0.1", 5), ("10.1.2.3", 5), ("::1", 5), ("::ffff:127.0.0.1", 5)])
def test_a_trusted_proxy_is_believed(peer: Any) -> None:
    forwarded = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "public.example")]
    assert link(HOST, *forwarded, peer=peer) == f"https://public.example{PATH}"
    assert (
        link(HOST, *forwarded, ("X-Forwarded-Port", "8443"), peer=peer)
        == f"https://public.example:8443{PATH}"
    )
    assert link(HOST, *forwarded, ("X-Forwarded-Port", "443"), peer=peer) == f"https://public.example{PATH}"
    assert (
        link(HOST, *forwarded, ("X-Forwarded-Prefix", "/media/"), peer=peer)
        == f"https://public.example/media{PATH}"
    )


@pytest.mark.parametrize(
    "peer", [("10.2.0.1", 5), ("8.8.8.8", 5), ("::2", 5), ("testclient", 5), ("", 0), None]
)
def test_nobody_else_is(peer: Any) -> None:
    lies = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Port", "666"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "host=evil.example;proto=https"),
    ]
    assert link(HOST, *lies, peer=peer) == f"http://media.test:8000{PATH}"


def test_the_nearest_proxy_has_the_last_word() -> None:
    chain = [
        ("X-Forwarded-Host", "evil.example, public.example"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Proto", "https"),
    ]
    assert link(HOST, *chain) == f"https://public.example{PATH}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Forwarded-Proto", "javascript"),
        ("X-Forwarded-Proto", "ws"),
        ("X-Forwarded-Host", "a b"),
        ("X-Forwarded-Host", "u@a"),
        ("X-Forwarded-Host", ""),
        ("X-Forwarded-Port", "99999"),
        ("X-Forwarded-Port", "x"),
        ("X-Forwarded-Prefix", "//evil.example"),
        ("X-Forwarded-Prefix", "/.."),
        ("X-Forwarded-Prefix", "/a b"),
        ("X-Forwarded-Prefix", "evil"),
        ("X-Forwarded-Prefix", "/a?b"),
        ("X-Forwarded-Prefix", "/"),
    ],
)
def test_what_makes_no_sense_is_left_out(name: str, value: str) -> None:
    assert link(HOST, (name, value)) == f"http://media.test:8000{PATH}"


def test_paths_are_quoted() -> None:
    assert link(HOST, path="/storage/modi/동 #?%.mp4").endswith("/storage/modi/%EB%8F%99%20%23%3F%25.mp4")


@settings(max_examples=200)
@given(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.sampled_from(["Host", "X-Forwarded-Host", "X-Forwarded-Prefix"]),
)
def test_no_header_breaks_out_of_its_place(value: str, name: str) -> None:
    try:
        found = httpx.URL(link(*([] if name == "Host" else [HOST]), (name, value)))
    except InvalidInputError:
        return
    assert (found.scheme, found.userinfo, found.query, found.fragment) == ("http", b"", b"", "")
    assert found.path.endswith(PATH)


async def _over_http(headers: dict[str, str]) -> str:
    """The link that a real server of ours makes of a request from 127.0.0.1, which it does not trust."""

    async def app(scope: Any, _: Any, send: Any) -> None:
        text = Links(None, Proxies(["10.1.0.0/16"])).to(Request(scope), "/x")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"{text} {scope['client'][0]}".encode()})

    async with serving(app) as port, httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/x", headers={"host": "media.test", **headers})
    return answer.text


@pytest.mark.anyio
async def test_the_server_hands_on_the_true_peer() -> None:
    """uvicorn would believe X-Forwarded-* from loopback by itself, and hide from whom they came."""
    lies = {"x-forwarded-for": "10.1.0.1", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
    assert await _over_http(lies) == "http://media.test/x 127.0.0.1"


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://media.example.com", "https://media.example.com"),
        ("https://media.example.com/", "https://media.example.com"),
        ("http://10.0.0.1:8000/media/", "http://10.0.0.1:8000/media"),
        ("", None),
        (None, None),
    ],
)
def test_public_urls(url: str | None, kept: str | None) -> None:
    assert EdgeSettings(public_url=url).public_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "media.example.com",
        "ftp://a",
        "https://",
        "https://u:p@a",
        "https://a?b",
        "https://a#b",
        "https://a:x",
    ],
)
def test_public_urls_that_are_none(url: str) -> None:
    with pytest.raises(ValidationError):
        EdgeSettings(public_url=url)


def test_proxies_are_addresses_or_networks() -> None:
    assert EdgeSettings(trusted_proxies=["10.1.2.3", "10.1.2.3/8"]).trusted_proxies == [
        "10.1.2.3/32",
        "10.0.0.0/8",
    ]
    with pytest.raises(ValidationError):
        EdgeSettings(trusted_proxies=["proxy.example"])
