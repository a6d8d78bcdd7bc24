"""Where a download may go: names, redirects, the environment. A second server must never be reached."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from libs.chassis.fetch import Fetcher
from libs.contracts.errors import InvalidInputError, UnavailableError
from tests.chassis.hostile import Names, Server, allowed, answer, content, fetcher, redirect, rules

pytestmark = pytest.mark.anyio
SECRET = "127.0.0.66"
"""Loopback, yet not among those that the tests allow: the own network."""


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server({"/": answer(b"public")}).running() as server:
        yield server


@pytest.fixture
async def inside(server: Server) -> AsyncIterator[Server]:
    """What must stay unreached, on the same port as `server`."""
    async with Server({"/": answer(b"secret")}).running(SECRET, server.port) as inside:
        yield inside
        assert inside.requests == []


async def forbidden(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(InvalidInputError) as caught:
        await content(fetcher, url)
    assert caught.value.details["error_code"] == "URL_FORBIDDEN"
    assert SECRET not in caught.value.message
    return caught.value.message


async def test_addresses_that_are_not_allowed(server: Server, inside: Server) -> None:
    for host in (SECRET, "[::ffff:127.0.0.66]", "[::ffff:127.0.0.1]", "[::127.0.0.66]", "0.0.0.0", "[::]"):
        await forbidden(fetcher(server), f"http://{host}:{server.port}/")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "[fd00:ec2::254]"])
async def test_a_fetcher_as_services_have_it_reaches_nothing_inside(server: Server, host: str) -> None:
    await forbidden(Fetcher(rules(server)), f"http://{host}:{server.port}/")
    assert server.requests == []


@pytest.mark.parametrize("found", [[SECRET], ["127.0.0.1", SECRET], [SECRET, "127.0.0.1"], ["::1%1"], []])
async def test_every_address_of_a_name_must_be_allowed(
    server: Server, inside: Server, found: list[str]
) -> None:
    names = Names(a_test=[found])
    await forbidden(fetcher(server, names=names), f"http://a.test:{server.port}/")
    assert server.requests == []


async def test_an_answer_that_changes_is_not_asked_for_twice(server: Server, inside: Server) -> None:
    names = Names(a_test=[["127.0.0.1"], [SECRET]])
    get = fetcher(server, names=names)
    assert await content(get, f"http://a.test:{server.port}/") == b"public"
    assert names.asked == ["a.test"]
    assert f"Host: a.test:{server.port}\r\n" in server.requests[0]
    await forbidden(get, f"http://a.test:{server.port}/")


async def test_an_answer_that_changes_between_redirects(server: Server, inside: Server) -> None:
    server.answers["/"] = redirect("/again")
    server.answers["/again"] = answer(b"x")
    names = Names(a_test=[["127.0.0.1"], [SECRET]])
    await forbidden(fetcher(server, names=names), f"http://a.test:{server.port}/")
    assert names.asked == ["a.test", "a.test"]
    assert len(server.requests) == 1


async def test_redirects_inside(server: Server, inside: Server) -> None:
    there = f"{SECRET}:{server.port}"
    for location in (f"http://{there}/", f"//{there}/", f"http://2130706498:{server.port}/"):
        server.answers["/"] = redirect(location)
        with pytest.raises(InvalidInputError):
            await content(fetcher(server), f"http://127.0.0.1:{server.port}/")


async def test_redirects_to_what_is_not_allowed(server: Server) -> None:
    for location in (
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:22/",
        f"http://u:p@127.0.0.1:{server.port}/",
        "https://[",
        "http://",
    ):
        server.answers["/"] = redirect(location)
        with pytest.raises(InvalidInputError):
            await content(fetcher(server), f"http://127.0.0.1:{server.port}/")
    only_secure = fetcher(server, schemes=frozenset({"https"}))
    await forbidden(only_secure, f"http://127.0.0.1:{server.port}/")


async def test_redirects_are_followed_so_far(server: Server) -> None:
    server.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(6)} | {"/6": answer(b"far")}
    base = f"http://127.0.0.1:{server.port}"
    assert await content(fetcher(server), f"{base}/1") == b"far"
    assert "too often" in await forbidden(fetcher(server), f"{base}/0")
    assert len(server.requests) == 6 + 6


async def test_a_loop_of_redirects_ends(server: Server) -> None:
    server.answers["/"] = redirect("/")
    await forbidden(fetcher(server), f"http://127.0.0.1:{server.port}/")
    assert len(server.requests) == 6


async def test_proxies_of_the_environment_are_not_used(
    server: Server, inside: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://{SECRET}:{server.port}")
    assert await content(fetcher(server), f"http://127.0.0.1:{server.port}/") == b"public"


async def test_names_that_cannot_be_looked_up(server: Server) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async def down(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    async def silent(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    url = f"http://a.test:{server.port}/"
    of_rules = rules(server, connect_limit=0.2)
    await forbidden(Fetcher(of_rules, allowed=allowed, resolve=unknown), url)
    for resolve in (down, silent):
        with pytest.raises(UnavailableError):
            await content(Fetcher(of_rules, allowed=allowed, resolve=resolve), url)
