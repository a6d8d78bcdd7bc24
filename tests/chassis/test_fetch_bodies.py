"""Downloads from servers that are slow, lie, or never end."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.contracts.errors import InvalidInputError, ReelbusError, TooLargeError, UnavailableError
from tests.chassis.hostile import Answer, Names, Server, Stays, answer, content, fetcher, literal

pytestmark = pytest.mark.anyio
CHUNKED = answer(b"", "Transfer-Encoding: chunked")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server({}).running() as server:
        yield server


async def get(server: Server, given: Answer, **rules: Any) -> bytes:
    server.answers["/a"] = given
    return await content(fetcher(server, **rules), f"http://127.0.0.1:{server.port}/a")


async def test_a_file_arrives_whole(server: Server) -> None:
    body = bytes(range(256)) * 4000
    server.answers["/clip.mp4?x=1"] = answer(body, "Content-Type: video/mp4", f"Content-Length: {len(body)}")
    async with fetcher(server).open(f"http://127.0.0.1:{server.port}/clip.mp4?x=1") as fetched:
        assert (fetched.name, fetched.content_type, fetched.length) == ("clip.mp4", "video/mp4", len(body))
        assert b"".join([chunk async for chunk in fetched.chunks]) == body
    (request,) = server.requests
    assert request.startswith("GET /clip.mp4?x=1 HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in request
    assert "Accept-Encoding: identity\r\n" in request
    assert "Connection: close\r\n" in request


async def test_other_framings(server: Server) -> None:
    assert await get(server, CHUNKED + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n") == b"abcde"
    assert await get(server, answer(b"to the end", "X: 1")) == b"to the end"
    assert await get(server, b"HTTP/1.0 200 OK\r\n\r\nold") == b"old"
    assert await get(server, answer(status="100 Continue") + answer(b"x")) == b"x"
    assert await get(server, answer()) == b""


async def test_ipv6() -> None:
    async with Server({"/": answer(b"six")}).running("::1") as server:
        assert await content(fetcher(server), literal("::1", server.port)) == b"six"
        assert f"Host: [::1]:{server.port}\r\n" in server.requests[0]


async def test_the_first_address_that_answers(server: Server) -> None:
    server.answers["/a"] = answer(b"x")
    names = Names(a_test=[["::1", "127.0.0.1"]])
    assert await content(fetcher(server, names=names), f"http://a.test:{server.port}/a") == b"x"


async def test_a_block_that_ends_early_ends_the_connection(server: Server) -> None:
    server.answers["/a"] = Stays(answer(b"", "X: 1"), b"x" * 1000)
    get = fetcher(server)
    async with get.open(f"http://127.0.0.1:{server.port}/a"):
        pass
    async with get.open(f"http://127.0.0.1:{server.port}/a") as fetched:
        assert await anext(aiter(fetched.chunks))


async def test_a_cancelled_download_ends_the_connection(server: Server) -> None:
    for given in (Stays(b""), Stays(b"HTTP/1.1 200 OK\r\n"), Stays(answer(b"", "X: 1"))):
        task = asyncio.create_task(get(server, given))
        seen = len(server.requests)
        while len(server.requests) == seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    "given",
    [
        answer(b"", "Content-Length: 1048577"),
        answer(b"", f"Content-Length: {'9' * 20}"),
        Stays(answer(b"", "X: 1"), b"x" * 65536),
        Stays(CHUNKED, b"4000\r\n" + b"x" * 0x4000 + b"\r\n"),
        Stays(
            answer(b"", "Content-Length: 1", "Transfer-Encoding: chunked"), b"400\r\n" + b"x" * 1024 + b"\r\n"
        ),
    ],
)
async def test_too_large(server: Server, given: Answer) -> None:
    with pytest.raises(TooLargeError):
        await get(server, given)


async def test_exactly_the_limit_is_fine(server: Server) -> None:
    assert await get(server, answer(b"x" * 100, "X: 1"), max_size=100) == b"x" * 100
    with pytest.raises(TooLargeError):
        await get(server, answer(b"x" * 101, "X: 1"), max_size=100)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-",
        answer(b"x" * 10, "Content-Length: 100"),
        CHUNKED + b"5\r\nabc",
        CHUNKED + b"3\r\nabc\r\n",
    ],
)
async def test_what_breaks_off(server: Server, given: bytes) -> None:
    with pytest.raises(UnavailableError, match="broke off"):
        await get(server, given)


async def test_more_than_was_declared_is_not_read(server: Server) -> None:
    assert await get(server, answer(b"12345 and more", "Content-Length: 5")) == b"12345"


@pytest.mark.parametrize(
    "given",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"\x16\x03\x01\x00\x00",
        b"HTTP/1.1 abc\r\n\r\n",
        answer(b"x", "Content-Length: -1"),
        answer(b"x", "Content-Length: 1", "Content-Length: 2"),
        answer(b"x", "Content-Length: " + "9" * 5000),
        answer(b"x", "Transfer-Encoding: gzip, chunked"),
        answer(b"x", "Bad Name: 1"),
        CHUNKED + b"xyz\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"f" * 100 + b"\r\n",
        answer(gzip.compress(bytes(1 << 20)), "Content-Encoding: gzip"),
        Stays(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100),
        Stays(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000),
        Stays(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        Stays(b"", b"x" * 1000),
        Stays(CHUNKED + b"0\r\n", b"X: y\r\n" * 100),
        Stays(CHUNKED, b"1\r\nx\r\n" * 9000),
        Stays(CHUNKED + b"1;", b"y" * 1000),
        answer(b"", "Upgrade: x", "Connection: upgrade", status="101 Switching Protocols"),
    ],
)
async def test_bad_answers(server: Server, given: Answer) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await get(server, given)
    assert caught.value.details["error_code"] == "URL_BAD_ANSWER"


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        (Stays(b""), {"idle_limit": 0.2}),
        (Stays(b"", b"H", 0.02), {"idle_limit": 0.2}),
        (Stays(answer(b"x", "Content-Length: 2")), {"idle_limit": 0.2}),
        (Stays(CHUNKED + b"9;", b"y", 0.02), {"idle_limit": 0.2}),
        (Stays(answer(b"", "X: 1"), b"x" * 100, 0.01), {"total_limit": 0.5}),
        (Stays(answer(b"", "X: 1"), b"x", 0.005), {"least_rate": 5000.0, "rate_window": 0.3}),
    ],
)
async def test_slow_servers(server: Server, given: Answer, rules: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError, match=r"too long|too slowly"):
        await get(server, given, **rules)


async def test_a_slow_reader_is_not_the_servers_fault(server: Server) -> None:
    server.answers["/a"] = answer(b"x" * 500_000)
    patient = fetcher(server, idle_limit=0.3, least_rate=1e6, rate_window=0.3)
    size = 0
    async with patient.open(f"http://127.0.0.1:{server.port}/a") as fetched:
        async for chunk in fetched.chunks:
            size += len(chunk)
            await asyncio.sleep(0.1)
    assert size == 500_000


async def test_nobody_there(server: Server) -> None:
    gone = fetcher(server, ports=frozenset({1}))
    with pytest.raises(UnavailableError, match="does not answer"):
        await content(gone, "http://127.0.0.1:1/")


@pytest.mark.parametrize("status", ["404 Not Found", "503 Busy", "204 No Content"])
async def test_other_answers(server: Server, status: str) -> None:
    with pytest.raises(ReelbusError, match=status[:3]):
        await get(server, Stays(answer(b"", "X: 1", status=status), b"x" * 1000))
