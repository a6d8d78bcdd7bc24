"""Downloads over TLS: the connection goes to the checked address, the certificate is that of the name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from libs.chassis.fetch import Fetcher
from libs.contracts.errors import InvalidInputError
from tests.chassis.authority import Authority
from tests.chassis.hostile import Names, Server, allowed, answer, content, fetcher, redirect, rules

pytestmark = pytest.mark.anyio
NAMES = {"a_test": [["127.0.0.1"]], "b_test": [["127.0.0.1"]]}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def trusting(authority: Authority, *servers: Server) -> Fetcher:
    return fetcher(*servers, names=Names(**NAMES), tls=authority.trusting())


async def insecure(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await content(fetcher, url)
    assert caught.value.details["error_code"] == "URL_INSECURE"


async def test_the_name_is_verified_and_sent(authority: Authority) -> None:
    asked = []
    tls = authority.serving("a.test")
    tls.sni_callback = lambda _, name, __: asked.append(name)
    body = bytes(300_000)
    async with Server({"/": answer(body)}).running(tls=tls) as server:
        assert await content(trusting(authority, server), f"https://A.test.:{server.port}/") == body
        assert f"Host: a.test:{server.port}\r\n" in server.requests[0]
    assert asked == ["a.test"]


async def test_a_certificate_of_an_address(authority: Authority) -> None:
    async with Server({"/": answer(b"x")}).running(tls=authority.serving("127.0.0.1")) as server:
        assert await content(trusting(authority, server), f"https://127.0.0.1:{server.port}/") == b"x"


async def test_a_certificate_for_another_name(authority: Authority) -> None:
    async with Server({"/": answer(b"x")}).running(tls=authority.serving("a.test")) as server:
        for host in ("b.test", "127.0.0.1"):
            await insecure(trusting(authority, server), f"https://{host}:{server.port}/")
        assert server.requests == []


async def test_an_expired_certificate(authority: Authority) -> None:
    async with Server({"/": answer(b"x")}).running(tls=authority.serving("a.test", days=-1)) as server:
        await insecure(trusting(authority, server), f"https://a.test:{server.port}/")


async def test_an_unknown_authority(authority: Authority) -> None:
    async with Server({"/": answer(b"x")}).running(tls=authority.serving("a.test")) as server:
        public = Fetcher(rules(server), allowed=allowed, resolve=Names(**NAMES))
        await insecure(public, f"https://a.test:{server.port}/")


async def test_a_server_that_does_not_speak_tls(authority: Authority) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"x"))

    server = Server({})
    async with await asyncio.start_server(greet, "127.0.0.1", 0) as listening:
        server.port = listening.sockets[0].getsockname()[1]
        await insecure(trusting(authority, server), f"https://a.test:{server.port}/")


async def test_redirects_lead_to_https_and_never_back(authority: Authority) -> None:
    async with (
        Server({"/": answer(b"x")}).running(tls=authority.serving("b.test")) as secure,
        Server({"/": redirect(f"https://b.test:{secure.port}/")}).running() as plain,
    ):
        get = trusting(authority, secure, plain)
        assert await content(get, f"http://a.test:{plain.port}/") == b"x"
        secure.answers["/"] = redirect(f"http://a.test:{plain.port}/")
        with pytest.raises(InvalidInputError, match="https to http"):
            await content(get, f"https://b.test:{secure.port}/")
        assert len(plain.requests) == 1
