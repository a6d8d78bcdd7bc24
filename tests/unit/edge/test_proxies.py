"""Who asks, where proxies stand between: believed is who is trusted, as far as the chain goes."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Request

from libs.chassis.proxies import Proxies
from services.edge.settings import EdgeSettings

TRUSTED = ["127.0.0.0/8", "::1/128", "10.0.0.0/8"]
PROXIES = Proxies(TRUSTED)


def client(peer: Any, *forwarded: str, proxies: Proxies = PROXIES) -> str:
    headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded]
    scope = {"type": "http", "client": peer, "headers": headers, "method": "GET", "path": "/"}
    return proxies.client(Request(cast("Any", scope)))


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


# --- hops -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hops", "peer", "forwarded", "found"),
    [
        (1, "10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (1, "10.0.0.1", [], "10.0.0.1"),
        (1, "10.0.0.1", ["1.1.1.1, 10.0.0.9"], "10.0.0.9"),  # a client with a trusted address lies
        (1, "10.0.0.1", ["1.1.1.1", "10.0.0.9"], "10.0.0.9"),
        (2, "10.0.0.1", ["1.1.1.1, 10.0.0.9, 10.0.0.2"], "10.0.0.9"),
        (2, "10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        (2, "10.0.0.1", ["198.51.100.1"], "198.51.100.1"),  # he passed by the outer proxy
        (2, "10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # hops do not make strangers proxies
        (2, "203.0.113.9", ["1.1.1.1, 10.0.0.2"], "203.0.113.9"),
        (9, "10.0.0.1", ["1.1.1.1, 10.0.0.9, 10.0.0.2"], "1.1.1.1"),
        (None, "10.0.0.1", ["1.1.1.1, 10.0.0.9, 10.0.0.2"], "1.1.1.1"),
        (1, "10.0.0.1", ["nonsense"], "10.0.0.1"),
    ],
)
def test_no_more_is_believed_than_there_are_proxies(
    hops: int | None, peer: str, forwarded: list[str], found: str
) -> None:
    assert client((peer, 5), *forwarded, proxies=Proxies(TRUSTED, hops=hops)) == found


@given(
    st.integers(1, 3),
    st.lists(st.sampled_from(["1.1.1.1", "10.9.9.9", "127.0.0.1", "x", ""]), max_size=5),
    st.sampled_from(["10.0.0.9", "203.0.113.1"]),
)
def test_whatever_a_client_writes_the_hops_end_it(hops: int, lies: list[str], address: str) -> None:
    """Whoever comes through as many proxies as there are cannot choose his address, trusted or not."""
    written = [*lies, address, *["10.0.0.2"] * (hops - 1)]
    assert client(("10.0.0.1", 5), ", ".join(written), proxies=Proxies(TRUSTED, hops=hops)) == address


def test_hops_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, hops in (("", None), ("2", 2)):
        monkeypatch.setenv("REELBUS_TRUSTED_HOPS", text)
        assert EdgeSettings().trusted_hops == hops
    monkeypatch.setenv("REELBUS_TRUSTED_HOPS", "1")
    proxies = EdgeSettings(trusted_proxies=TRUSTED).proxies()
    assert client(("10.0.0.1", 5), "1.1.1.1, 10.0.0.9", proxies=proxies) == "10.0.0.9"
    for text in ("0", "-1", "x"):
        monkeypatch.setenv("REELBUS_TRUSTED_HOPS", text)
        with pytest.raises(ValueError, match="trusted_hops"):
            EdgeSettings()
