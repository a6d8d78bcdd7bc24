"""URLs and addresses of strangers: what is taken, and as what."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.fetch.addresses import is_public
from libs.chassis.fetch.rules import FetchRules
from libs.chassis.fetch.urls import Target, parse, redirected
from libs.contracts.errors import InvalidInputError

RULES = FetchRules(max_size=1)
BOTH = FetchRules(max_size=1, schemes=frozenset({"http", "https"}))


def code(url: str, rules: FetchRules = RULES) -> object:
    with pytest.raises(InvalidInputError) as caught:
        parse(url, rules)
    return caught.value.details["error_code"]


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com.:443/A?b=c#d", "https://example.com/A?b=c"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("https://example.com:/a", "https://example.com/a"),
        ("https://example.com/a%20b/ü?q=ü&x={1}", "https://example.com/a%20b/%C3%BC?q=%C3%BC&x=%7B1%7D"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://８.８.８.８/", "https://8.8.8.8/"),
        ("https://[2606:4700:0::1]/", "https://[2606:4700::1]/"),
        ("https://a_b.example/", "https://a_b.example/"),
    ],
)
def test_good_ones(url: str, read: str) -> None:
    assert str(parse(url, RULES)) == read


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1.1/",
        "https://1.2.3.0x10/",
        "https://256.1.1.1/",
        "https://①27.1/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://[v1.x]/",
        "https://::1/",
    ],
)
def test_addresses_in_other_forms_are_no_hosts(url: str) -> None:
    assert code(url) == "URL_INVALID"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/\r\nX-Evil: 1",
        "https://a.example\n.b.example/",
        "https://a.example/\tb",
        "https://a.example/\0",
        " https://a.example/",
        "https://a.example/b c",
        "https://a.example/\u2028",
        "https://a.example/\ud800",
        "https://a.example\\@b.example/",
        "https://a%2eexample/",
        "https://%31%32%37.0.0.1/",
        "https://a..example/",
        "https://-a.example/",
        "https://a℀b.example/",
        "https://a*b.example/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
        f"https://{'ü' * 3000}/",
        "https:///path",
        "https:a.example",
        "https://a.example:65x/",
        "https://a.example/" + "a" * 4096,
    ],
)
def test_malformed_ones(url: str) -> None:
    assert code(url) == "URL_INVALID"


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "file:///etc/passwd",
        "ftp://a.example/",
        "gopher://a.example:443/_x",
        "data:video/mp4;base64,AAAA",
        "//a.example/",
        "a.example",
        "",
        "https://user@a.example/",
        "https://user:password@a.example/",
        "https://@a.example/",
        "https://a.example:22/",
        "https://a.example:0/",
        "https://a.example:99999/",
        "https://a.example:8443/",
    ],
)
def test_forbidden_ones(url: str) -> None:
    assert code(url) == "URL_FORBIDDEN"


@given(
    st.text() | st.text().map(lambda host: f"https://{host}/") | st.text().map("https://a.example/".__add__)
)
def test_any_text_is_read_or_refused(url: str) -> None:
    try:
        target = parse(url, RULES)
    except InvalidInputError:
        return
    assert str(target).isascii()
    assert str(target).isprintable()
    assert parse(str(target), RULES) == target


@pytest.mark.parametrize(
    ("location", "to"),
    [
        (b"/b?c", "https://a.example/b?c"),
        (b"b", "https://a.example/x/b"),
        (b"//b.example", "https://b.example/"),
        (b"https://b.example:80/", "https://b.example:80/"),
        ("/ü".encode(), "https://a.example/%C3%BC"),
    ],
)
def test_redirects(location: bytes, to: str) -> None:
    assert str(redirected(Target("https", "a.example", 443, "/x/y?z"), location, RULES)) == to


@pytest.mark.parametrize(
    "location",
    [
        b"http://a.example/",
        b"file:///etc/passwd",
        b"https://u:p@a.example/",
        b"https://a.example:25/",
        b"/a b",
        b"\xff",
        b"https://[",
    ],
)
def test_redirects_that_are_refused(location: bytes) -> None:
    with pytest.raises(InvalidInputError):
        redirected(Target("https", "a.example", 443, "/"), location, BOTH)


def test_http_may_redirect_to_https() -> None:
    assert redirected(Target("http", "a.example", 80, "/"), b"https://a.example/", BOTH).port == 443


CLOSED = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254
169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808
64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1
2002:7f00:1:: 2002:808:808:: 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%1
fec0::1 ff02::1"""
PUBLIC = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1
223.255.255.255 168.63.129.15 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450::1 3ffe::1"""


@pytest.mark.parametrize("address", CLOSED.split())
def test_closed_addresses(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))
