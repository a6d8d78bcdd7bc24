"""Tokens, rate limits and sizes of the Motion Photo family, over two edges that have them switched on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.beside import edges
from tests.integration.curling import Curl
from tests.integration.motion import UNKNOWN, Json, Studio, path_of, preview_path, refusal
from tests.media.numbered import numbered
from tests.stack.harness import Stack

LIMIT = 2_000_000
TOKENS = ("alpha-of-the-studio", "beta-of-the-studio", "gamma-of-the-studio")
BOUNDARY = "reelbus-test"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="big.mp4"\r\n'
    "Content-Type: video/mp4\r\n\r\n"
).encode()


@pytest.fixture(scope="module")
def addresses(stack: Stack) -> Iterator[Sequence[str]]:
    env = {
        "REELBUS_MOTION_TOKENS": ",".join(TOKENS),
        "REELBUS_MOTION_MAX_BYTES": str(LIMIT),
        "REELBUS_RATE_LIMITS": "on",
    }
    with edges(stack, 2, env) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("motion-tokens") / "video.mp4", 150)


@pytest.fixture(scope="module")
def owner(addresses: Sequence[str]) -> Studio:
    return Studio(addresses[0], Authorization=f"Bearer {TOKENS[0]}")


@pytest.fixture(scope="module")
def prepared(owner: Studio, clip: Path) -> Iterator[Json]:
    found = owner.prepare(clip)
    yield found
    owner.cleanup(found["session_id"])


def somebody(address: str, **headers: str) -> Studio:
    """A client whose IP address nobody else has, as a trusted proxy says."""
    ip = ".".join(str(random.randrange(1, 255)) for _ in range(3))
    return Studio(address, **{"X-Forwarded-For": f"10.{ip}", **headers})


def test_the_examples_with_a_token(addresses: Sequence[str], clip: Path) -> None:
    curl = Curl(addresses[1], clip.parent, TOKENS[1])
    assert "HTTP/1.1 200" in curl("health").out
    session_id = json.loads(curl("prepare").out)["session_id"]
    assert [curl(name, session_id).status for name in ("convert", "thumbnail", "cleanup", "cleanup")] == [
        200, 200, 200, 404,
    ]  # fmt: skip


def test_the_examples_with_a_wrong_token(addresses: Sequence[str], clip: Path) -> None:
    curl = Curl(addresses[0], clip.parent, "wrong")
    assert "HTTP/1.1 401" in curl("health").out
    assert [curl(name).status for name in ("prepare", "convert", "thumbnail", "cleanup")] == [401] * 4


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKENS[0]}"},
        {"Authorization": TOKENS[0]},
        {"Authorization": f"Bearer {TOKENS[0]}x"},
        {"Authorization": "Bearer \xe9"},
    ],
)
def test_calls_without_a_good_token(addresses: Sequence[str], headers: dict[str, str]) -> None:
    studio = somebody(addresses[0])
    studio.http.headers.update({name: value.encode("latin-1") for name, value in headers.items()})  # type: ignore[arg-type]  # httpx takes bytes too
    for answer in (
        studio.try_cleanup(UNKNOWN),
        studio.try_thumbnail(UNKNOWN, 1),
        studio.try_convert(UNKNOWN, 0, 1, 0.5),
        studio.http.post("/prepare", files={"file": b"x"}),
        studio.http.get(preview_path(UNKNOWN)),
    ):
        refusal(answer, 401, "INVALID_TOKEN")
        assert answer.headers["www-authenticate"] == "Bearer"
    if headers:
        assert studio.http.head("/health").status_code == 401
    else:
        assert studio.http.head("/health").status_code == 200


def test_the_scheme_is_not_case_sensitive(addresses: Sequence[str]) -> None:
    studio = Studio(addresses[0], Authorization=f"bearer {TOKENS[0]}")
    refusal(studio.try_cleanup(UNKNOWN), 404, "INVALID_SESSION")


def test_a_session_is_its_tokens_own(addresses: Sequence[str], prepared: Json) -> None:
    other, session_id = Studio(addresses[1], Authorization=f"Bearer {TOKENS[1]}"), prepared["session_id"]
    refusal(other.try_convert(session_id, 0, 1, 0.5), 404, "INVALID_SESSION")
    refusal(other.try_thumbnail(session_id, 1), 404, "INVALID_SESSION")
    refusal(other.try_cleanup(session_id), 404, "INVALID_SESSION")
    refusal(other.http.get(preview_path(session_id)), 404, "INVALID_SESSION")


def test_the_preview_of_a_token_plays_without_a_header(
    addresses: Sequence[str], owner: Studio, prepared: Json, stack: Stack
) -> None:
    url = prepared["preview_url"]
    assert url.startswith(f"{addresses[0]}{preview_path(prepared['session_id'])}?key=")
    assert TOKENS[0] not in url
    anybody = httpx.get(url, headers={"Range": "bytes=4-7"})
    assert (anybody.status_code, anybody.content) == (206, b"ftyp")
    assert httpx.head(addresses[1] + path_of(url)).status_code == 200
    assert owner.http.get(preview_path(prepared["session_id"])).status_code == 200
    refusal(httpx.get(url.partition("?")[0]), 401, "INVALID_TOKEN")
    refusal(httpx.get(f"{url[:-1]}{'0' if url[-1] != '0' else '1'}"), 401, "INVALID_TOKEN")
    other = preview_path(UNKNOWN) + "?" + url.partition("?")[2]
    assert httpx.get(addresses[0] + other).status_code in (401, 404)
    thumbnail = {"session_id": prepared["session_id"], "timestamp": 1}
    keyed = f"{addresses[0]}/thumbnail?{url.partition('?')[2]}"
    refusal(httpx.post(keyed, json=thumbnail), 401, "INVALID_TOKEN")


def test_ten_requests_a_minute_from_an_address_over_both_edges(addresses: Sequence[str]) -> None:
    """Refused ones count; previews and health only when their token is wrong. Another address goes on."""
    ip = {"X-Forwarded-For": "198.51.100.7"}
    studios = [Studio(address, **ip) for address in addresses]
    with ThreadPoolExecutor(15) as pool:
        answers = list(pool.map(lambda number: studios[number % 2].try_cleanup(UNKNOWN), range(15)))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [401] * 10 + [429] * 5
    for answer in answers:
        if answer.status_code == 429:
            refusal(answer, 429, "RATE_LIMITED")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
    for studio in studios:
        assert studio.http.head("/health").status_code == 200
        refusal(studio.http.get(preview_path(UNKNOWN)), 401, "INVALID_TOKEN")
        guess = studio.http.get(preview_path(UNKNOWN), headers={"Authorization": "Bearer guess"})
        refusal(guess, 429, "RATE_LIMITED")
    refusal(somebody(addresses[0]).try_cleanup(UNKNOWN), 401, "INVALID_TOKEN")


def test_a_hundred_requests_a_minute_of_a_token_over_both_edges(addresses: Sequence[str]) -> None:
    """From wherever."""
    studios = [somebody(address, Authorization=f"Bearer {TOKENS[2]}") for address in addresses]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: studios[number % 2].try_cleanup(UNKNOWN), range(104)))
    assert sorted(answer.status_code for answer in answers) == [404] * 100 + [429] * 4
    other = somebody(addresses[0], Authorization=f"Bearer {TOKENS[0]}")
    refusal(other.try_cleanup(UNKNOWN), 404, "INVALID_SESSION")


def _request(address: str, extra: str) -> tuple[socket.socket, bytes]:
    """An open connection, and the head of an upload to send."""
    url = urlsplit(address)
    connection = socket.create_connection((url.hostname or "", url.port or 80), timeout=20)
    head = (
        f"POST /prepare HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Bearer {TOKENS[0]}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n{extra}\r\n\r\n"
    )
    return connection, head.encode()


@pytest.mark.parametrize("where", ["gateway", "edge"])
def test_a_declared_length_that_is_too_large_is_refused_before_the_body(
    stack: Stack, addresses: Sequence[str], where: str
) -> None:
    """Nothing of it is sent. 500 MB are allowed where nothing else is set."""
    address = stack.url if where == "gateway" else addresses[0]
    connection, head = _request(address, "Content-Length: 600000000")
    with connection:
        connection.sendall(head)
        answer = b""
        while b"timestamp" not in answer and (some := connection.recv(1 << 16)):
            answer += some
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"error_code":"FILE_TOO_LARGE"' in answer.replace(b" ", b"")


def test_clients_that_send_all_the_same_hear_the_refusal(stack: Stack, tmp_path: Path) -> None:
    """600 MB, as curl and as a Python client send it."""
    path = tmp_path / "video.mp4"
    path.touch()
    os.truncate(path, 600_000_000)
    curl = Curl(stack.url, tmp_path, None)
    said = curl("prepare")
    assert said.status == 413
    assert json.loads(said.out)["error_code"] == "FILE_TOO_LARGE"
    refusal(Studio(stack).try_prepare(path), 413, "FILE_TOO_LARGE")


def test_a_body_that_grows_too_large_is_refused_on_the_way(addresses: Sequence[str]) -> None:
    """Without a declared length; the client means to send for ever, and hears it all the same."""
    connection, head = _request(addresses[0], "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b"\x00" * 0x10000 + b"\r\n"
    with connection:
        connection.sendall(head + f"{len(HEAD):x}\r\n".encode() + HEAD + b"\r\n")
        connection.setblocking(False)
        answer, sent, deadline = b"", 0, time.monotonic() + 20
        while b"timestamp" not in answer and time.monotonic() < deadline:
            try:
                sent += connection.send(chunk[sent % len(chunk) :])
            except BlockingIOError:
                time.sleep(0.01)
            except (BrokenPipeError, ConnectionResetError):
                pass
            with contextlib.suppress(BlockingIOError):
                answer += connection.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"error_code":"FILE_TOO_LARGE"' in answer.replace(b" ", b"")
    assert sent < 40 * LIMIT
