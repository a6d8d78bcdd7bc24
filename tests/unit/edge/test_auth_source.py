"""Where key sets are read: files, and servers that answer anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from libs.contracts.errors import UnavailableError
from services.edge.auth.key_set import RS256, KeySet
from services.edge.auth.source import parse_location, source_of
from tests.signing import jwk, key_set, rsa_key

pytestmark = pytest.mark.anyio
KEYS = key_set(jwk(rsa_key(), "r"))
TOO_MUCH = 300_000


def answer(status: str, body: bytes, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def sized(body: bytes) -> bytes:
    return answer("200 OK", body, f"Content-Length: {len(body)}", "Content-Type: application/json")


@asynccontextmanager
async def serving(reply: bytes, seen: list[bytes] | None = None) -> AsyncIterator[str]:
    """The URL of a server that sends `reply` to everybody and closes."""

    async def on_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(request)
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(on_client, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"


async def found(location: str) -> bool:
    keys = KeySet(source_of(location), pause=10)
    return await keys.find("r", RS256) is not None


@pytest.mark.parametrize(
    "reply",
    [
        sized(KEYS),
        answer("200 OK", KEYS, "Connection: close"),
        answer("200 OK", b"%x\r\n%s\r\n0\r\n\r\n" % (len(KEYS), KEYS), "Transfer-Encoding: chunked"),
    ],
)
async def test_a_server(reply: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    seen: list[bytes] = []
    async with serving(reply, seen) as url:
        assert await found(url)
    assert seen[0].startswith(b"GET /keys HTTP/1.1\r\n")
    assert b"accept-encoding: identity" in seen[0].lower()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"nonsense\r\n\r\n",
        answer("404 Not Found", KEYS, f"Content-Length: {len(KEYS)}"),
        answer("302 Found", b"", "Location: /keys", "Content-Length: 0"),
        answer("204 No Content", b""),
        answer("200 OK", KEYS, "Content-Length: 9999"),
        sized(b"<html>"),
        sized(KEYS + b" " * TOO_MUCH),
        answer("200 OK", KEYS + b" " * TOO_MUCH, "Connection: close"),
        answer("200 OK", KEYS, *(f"X-{number}: {'x' * 1000}" for number in range(500))),
    ],
)
async def test_a_server_that_answers_something_else(reply: bytes) -> None:
    async with serving(reply) as url:
        with pytest.raises(UnavailableError):
            await found(url)


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/keys", "https://127.0.0.1:1/keys", "http://host.invalid/"]
)
async def test_a_server_that_is_not_there(location: str) -> None:
    with pytest.raises(UnavailableError):
        await found(location)


async def test_a_server_that_speaks_no_tls() -> None:
    async with serving(sized(KEYS)) as url:
        with pytest.raises(UnavailableError):
            await found(url.replace("http:", "https:"))


async def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(UnavailableError):
        await found(str(path))
    path.write_bytes(KEYS)
    assert await found(str(path))
    path.write_bytes(KEYS + b" " * TOO_MUCH)
    with pytest.raises(UnavailableError):
        await found(str(path))
    with pytest.raises(UnavailableError):
        await found(str(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "https://id.example/keys",
        "http://127.0.0.1:8080/keys?a=b",
        "/etc/keys.json",
        "keys.json",
        " keys.json ",
    ],
)
def test_locations(text: str) -> None:
    assert parse_location(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["ftp://host/keys", "file:///etc/keys.json", "https://", "https://ann:pw@host/", "http://[::1/keys"],
)
def test_what_is_no_location(text: str) -> None:
    with pytest.raises(ValueError):
        parse_location(text)
