"""CSRF tokens: signed, bound to their purpose, and good for a while."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest

from libs.contracts.errors import ForbiddenError
from services.edge.csrf import INVALID, REQUIRED, Csrf
from tests.signing import SECRET, hs256
from tests.unit.edge.office import Client
from tests.unit.edge.videocraft.cinema import BASE, MOVIE, Cinema, cinema_client, csrf_token, data, refusal


def code_of(csrf: Csrf, *headers: str) -> object:
    with pytest.raises(ForbiddenError) as error:
        csrf.check(headers)
    return error.value.details["error_code"]


def test_a_token_is_good_until_it_ends() -> None:
    now = 1000.0
    csrf = Csrf(SECRET, seconds=60, clock=lambda: now)
    token = csrf.issue()
    assert token.expires_at == 1060
    csrf.check([token.token])
    now = 1059.9
    csrf.check([token.token])
    now = 1060.0
    assert code_of(csrf, token.token) == INVALID


def test_replicas_know_the_tokens_of_each_other() -> None:
    one, other = Csrf(SECRET, seconds=60), Csrf(SECRET, seconds=60)
    other.check([one.issue().token])
    assert code_of(Csrf(SECRET + "x", seconds=60), one.issue().token) == INVALID
    assert one.issue().token != one.issue().token


def test_without_a_secret_tokens_are_good_in_one_process() -> None:
    one, other = Csrf("", seconds=60), Csrf("", seconds=60)
    one.check([one.issue().token])
    assert code_of(other, one.issue().token) == INVALID


def test_what_is_missing_is_another_thing_than_what_is_bad() -> None:
    csrf = Csrf(SECRET, seconds=60)
    good = csrf.issue().token
    assert code_of(csrf) == code_of(csrf, "") == REQUIRED
    assert code_of(csrf, good, good) == INVALID


def test_forgeries() -> None:
    csrf = Csrf(SECRET, seconds=60)
    good = csrf.issue().token
    raw = base64.urlsafe_b64decode(good + "==")
    head = raw[:25]
    later = (int(time.time()) + 10**6).to_bytes(8, "big")
    signed_otherwise = hmac.new(SECRET.encode(), head, hashlib.sha256).digest()  # the secret, another purpose
    forged = [
        raw[:1] + later + raw[9:],
        b"\2" + raw[1:],
        raw[:-1] + bytes([raw[-1] ^ 1]),
        raw + b"x",
        raw[:-1],
        head + signed_otherwise,
        b"",
    ]
    tokens = [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in forged]
    for token in [*tokens, "x", "é", "a.b", hs256(), good[:-1], f" {good}", "A" * 10_000, good.swapcase()]:
        assert code_of(csrf, token) in (INVALID, REQUIRED), token


WRITES = [
    ("POST", f"{BASE}/generate-video"),
    ("POST", f"{BASE}/jobs/{'0' * 8}-0000-0000-0000-{'0' * 12}/cancel"),
    ("DELETE", f"{BASE}/videos/video_{'0' * 32}"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_every_write_needs_one(client: Client, cinema: Cinema, method: str, path: str) -> None:
    good = client.headers.pop("x-csrf-token")
    body = refusal(client.request(method, path, json=MOVIE), 403, "CSRF_TOKEN_REQUIRED", "help_url")
    assert body["error"] == "CSRF token required for this request"
    assert body["help_url"] == "https://docs.videocraft.io/errors/csrf"
    bad = {"X-CSRF-Token": good[:-4] + "AAAA"}
    refusal(client.request(method, path, json=MOVIE, headers=bad), 403, "CSRF_TOKEN_INVALID", "help_url")
    refusal(client.request(method, path, content=b"{", headers=bad), 403, "CSRF_TOKEN_INVALID", "help_url")
    assert cinema.calls == []


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_credentials_come_first(client: Client, method: str, path: str) -> None:
    client.headers.pop("authorization")
    client.headers.pop("x-csrf-token")
    refusal(client.request(method, path), 401, "MISSING_AUTH_HEADER", "help_url")


def test_it_ends(cinema: Cinema) -> None:
    with cinema_client(cinema, csrf_seconds=2.0) as client:
        token = {"X-CSRF-Token": csrf_token(client)}
        assert client.post(f"{BASE}/generate-video", json=MOVIE, headers=token).status_code == 202
        time.sleep(2.0)
        answer = client.post(f"{BASE}/generate-video", json=MOVIE, headers=token)
        refusal(answer, 403, "CSRF_TOKEN_INVALID", "help_url")


def test_anybody_gets_one(client: Client) -> None:
    client.headers.pop("authorization")
    answer = client.get(f"{BASE}/csrf-token")
    assert answer.headers["cache-control"] == "no-store"
    found = data(answer)
    assert set(found) == {"csrf_token", "expires_at"}
    left = time.mktime(time.strptime(found["expires_at"], "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
    assert abs(left - 3600) <= 10  # clocks are set, too
    assert client.post(f"{BASE}/csrf-token").status_code == 405
