"""Who is let into which channel."""

from __future__ import annotations

import asyncio

import pytest

from libs.contracts.errors import (
    InternalError,
    ReelbusError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from tests.unit.notify.serving import ALICE, ALICE_KEY, BOB, WRITER, notify

pytestmark = pytest.mark.anyio

BAD = (4401, "Invalid or missing authentication token")
Headers = dict[str, str]
Way = tuple[str, tuple[str, ...], Headers]
"""A path, subprotocols, headers."""


def bearer(token: str, **others: str) -> Headers:
    return {"Authorization": f"Bearer {token}", **others}


@pytest.mark.parametrize(
    "way",
    [
        ("/ws/alice", (), bearer(ALICE)),
        ("/ws/alice", (), {"authorization": f"bearer  {ALICE} "}),
        ("/ws/alice", (), {"X_API_Key": ALICE_KEY}),
        ("/ws/alice", (), bearer(ALICE, X_API_Key=ALICE_KEY)),
        ("/ws/alice", ("bearer", ALICE), {}),
        ("/ws/alice", ("bearer", ALICE_KEY), {}),
        ("/ws/alice", ("chat", "bearer", ALICE), {}),
        (f"/ws/alice?token={ALICE}", (), {}),
        (f"/ws/alice?token={ALICE_KEY}", (), {}),
        (f"/ws/alice?token={ALICE}", ("bearer", ALICE), bearer(ALICE)),
    ],
)
async def test_good_credentials_open_the_jobs_channel(way: Way) -> None:
    path, offered, headers = way
    async with notify() as place, place.socket(path, *offered, **headers) as client:
        assert client.connection.subprotocol == ("bearer" if offered else None)
        await client.connection.send('{"type":"PING","data":{}}')
        assert await client.kinds(1) == ["PONG"]


@pytest.mark.parametrize(
    "way",
    [
        ("/ws/alice", (), bearer("nobody")),
        ("/ws/alice", (), {"Authorization": "Basic YTpi"}),
        ("/ws/alice", (), {"Authorization": "Bearer"}),
        ("/ws/alice", (), {"Authorization": ""}),
        ("/ws/alice", (), {"X_API_Key": ""}),
        ("/ws/alice", (), {"X_API_Key": "rb_nobody"}),
        ("/ws/alice", (), bearer(ALICE, X_API_Key="rb_nobody")),
        ("/ws/alice", (), bearer(BOB, X_API_Key=ALICE_KEY)),
        ("/ws/alice", ("bearer",), {}),
        ("/ws/alice", ("bearer", "nobody"), {}),
        ("/ws/alice?token=", (), {}),
        ("/ws/alice?token=nobody", (), {}),
        ("/ws/alice?token=%00", (), {}),
        (f"/ws/alice?token={ALICE}%20", (), {}),
        (f"/ws/alice?token={ALICE}&token={BOB}", (), {}),
        (f"/ws/alice?token={BOB}", (), bearer(ALICE)),
        (f"/ws/{'x' * 300}?token=nobody", (), {}),
    ],
)
async def test_bad_credentials_are_4401_and_never_the_other_channel(way: Way) -> None:
    path, offered, headers = way
    async with notify() as place, place.socket(path, *offered, **headers) as client:
        assert client.connection.subprotocol == ("bearer" if offered else None)
        assert await client.end() == BAD


@pytest.mark.parametrize(
    ("path", "token", "reason"),
    [
        ("/ws/bob", ALICE, "This is another user's channel"),
        ("/ws/Alice", ALICE, "This is another user's channel"),
        (f"/ws/{'a' * 300}", ALICE, "This is another user's channel"),
        ("/ws/alice", WRITER, "Insufficient permissions"),
    ],
)
async def test_another_users_id_and_credentials_without_read_are_4403(
    path: str, token: str, reason: str
) -> None:
    async with notify() as place, place.socket(path, **bearer(token)) as client:
        assert await client.end() == (4403, reason)


@pytest.mark.parametrize("error", [UnavailableError("away"), InternalError("broken")])
async def test_when_nobody_can_tell_the_client_is_to_come_again(error: ReelbusError) -> None:
    async with notify() as place:
        place.failing["authenticate"] = error
        async with place.socket(**bearer(ALICE)) as client:
            assert await client.end() == (1013, "Try again later")


async def test_the_id_of_a_user_may_have_odd_characters() -> None:
    async with notify() as place:
        place.users[ALICE] = place.users[ALICE].__class__(user_id="auth0|Zoë @x", scopes=["read"])
        async with place.socket("/ws/auth0%7CZo%C3%AB%20@x", **bearer(ALICE)) as client:
            await client.connection.send('{"type":"PING"}')
            assert await client.kinds(1) == ["PONG"]


async def test_without_credentials_it_is_the_enhancement_channel() -> None:
    async with notify() as place:
        async with place.socket("/ws/alice?other=1", "chat") as client:
            assert client.connection.subprotocol is None
            first = await client.get()
            assert (first["type"], first["client_id"]) == ("connection", "alice")
            await client.connection.send('{"type":"PING"}')
            assert (await client.get())["content"] == 'Received: {"type":"PING"}'
            await client.connection.send(b"\x00" * 5)
            assert (await client.get())["content"] == "Received: 5 bytes"
        async with place.socket(f"/ws/{'x' * 201}") as client:
            assert await client.end() == (1008, "client id too long")


async def test_credentials_that_are_taken_back_close_an_open_socket() -> None:
    async with notify(ws_ping=0.02) as place, place.socket(**bearer(ALICE)) as client:
        assert await client.kinds(2) == ["PING", "PING"]
        place.failing["authenticate"] = UnavailableError("away")
        assert await client.kinds(3) == ["PING"] * 3  # nobody knows: he stays
        place.failing["authenticate"] = UnauthorizedError("revoked")
        assert await client.end() == BAD
    assert dict(place.hub._channels) == {}


async def test_an_address_that_guesses_is_told_to_stop() -> None:
    async with notify(trusted_proxies=["127.0.0.0/8"]) as place:
        place.failing["authenticate"] = TooManyRequestsError("Too many requests.", retry_after=17)
        async with place.socket(**bearer("nobody", X_Forwarded_For="198.51.100.7")) as client:
            assert await client.end() == (1013, "Too many bad credentials")
        assert [each.client for each in place.asked] == ["198.51.100.7"]


async def test_who_is_in_is_asked_again_without_being_counted() -> None:
    async with notify(ws_ping=0.02) as place, place.socket(**bearer(ALICE)) as client:
        assert await client.kinds(2) == ["PING", "PING"]
        assert [each.client for each in place.asked][:2] == ["127.0.0.1", None]


async def test_a_closed_family_has_no_channel_for_everybody() -> None:
    async with notify(open_families=["motion-photo"]) as place:
        async with place.socket("/ws/web-1") as client:
            assert await client.end() == BAD
        async with place.socket("/ws/web-1?channel=enhancement", **bearer("nobody")) as client:
            assert await client.end() == BAD
        async with place.socket("/ws/web-1?channel=enhancement", **bearer(WRITER)) as client:
            assert await client.end() == (4403, "Insufficient permissions")
    assert dict(place.hub._channels) == {}


@pytest.mark.parametrize("families", [[], ["enhancement"]])
async def test_users_open_the_enhancement_channel_by_name(families: list[str]) -> None:
    """It never carries job messages, and has no pulse, but credentials that are taken back end it."""
    path = "/ws/web-1?channel=enhancement"
    async with (
        notify(open_families=families, ws_ping=0.02) as place,
        place.socket(path, **bearer(BOB)) as client,
    ):
        first = await client.get()
        assert (first["type"], first["client_id"]) == ("connection", "web-1")
        await client.connection.send("hello")
        assert (await client.get())["content"] == "Received: hello"
        place.failing["authenticate"] = UnauthorizedError("revoked")
        assert await client.end() == BAD


@pytest.mark.parametrize("bounds", [{"ws_channel_sockets": 2}, {"ws_sockets": 2}])
async def test_there_is_room_for_so_many_sockets(bounds: dict[str, int]) -> None:
    async with notify(**bounds) as place:
        async with place.socket("/ws/web-1") as one, place.socket("/ws/web-1") as other:
            assert await one.kinds(1) == await other.kinds(1) == ["connection"]
            async with place.socket("/ws/web-1") as client:
                assert await client.end() == (1013, "Too many sockets")
            async with place.socket(**bearer(ALICE)) as client:
                if "ws_sockets" in bounds:
                    assert await client.end() == (1013, "Too many sockets")
                else:
                    await client.connection.send('{"type":"PING"}')
                    assert await client.kinds(1) == ["PONG"]
        async with asyncio.timeout(10):
            while place.hub._channels:
                await asyncio.sleep(0.01)
        async with place.socket("/ws/web-1") as client:
            assert await client.kinds(1) == ["connection"]
