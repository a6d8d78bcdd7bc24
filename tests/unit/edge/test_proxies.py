"""Who asks, where proxies stand between: believed is who is trusted, as far as the chain goes."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request

from libs.chassis.proxies import Proxies

PROXIES = Proxies(["127.0.0.0/8", "::1/128", "10.0.0.0/8"])


def client(peer: Any, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded]
    scope = {"type": "http", "client": peer, "headers": headers, "method": "GET", "path": "/"}
    return PROXIES.client(Request(cast("Any", scope)))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::1", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 10.0.0.3, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("127.0.0.1", ["10.0.0.7, 10.0.0.2"], "10.0.0.7"),
        ("127.0.0.1", ["198.51.100.1, nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", [","], "127.0.0.1"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::/64"),
        ("127.0.0.1", ["[2001:db8::1]"], "2001:db8::/64"),
        ("127.0.0.1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], "2001:db8:1:2::/64"),
        ("testclient", ["198.51.100.1"], "unknown"),
        ("", [], "unknown"),
    ],
)
def test_the_client(peer: str, forwarded: list[str], found: str) -> None:
    assert client((peer, 5), *forwarded) == found


def test_no_peer_is_nobody() -> None:
    assert client(None, "198.51.100.1") == "unknown"
    assert not PROXIES.trusts(None)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_whatever_a_client_writes_his_address_is_the_one_that_the_proxy_saw(lie: str) -> None:
    assert client(("127.0.0.1", 5), f"{lie}, 203.0.113.1") == "203.0.113.1"
    assert client(("203.0.113.1", 5), lie) == "203.0.113.1"
