"""What becomes of a message: acknowledged, retried, buried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import nats as raw_nats
import pytest

from libs.chassis.bus import Bus
from libs.chassis.delivery import Delivery
from libs.contracts.errors import MediaError, UnavailableError
from libs.contracts.streams import EVENTS
from tests.chassis.buses import CONSUMER, NOTED, Inbox, Note, buried, raising, running, send, settled
from tests.chassis.servers import Nats

pytestmark = pytest.mark.anyio


async def test_success_is_acknowledged(nats: Nats) -> None:
    inbox = Inbox()
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await send(bus, 1, "hello")
        await inbox.filled(1)
        info = await settled(bus)
        assert info.ack_floor is not None
        assert info.ack_floor.stream_seq == 1
        assert inbox.got == [(Note(text="hello", number=1), Delivery(EVENTS.name, 1, 1, replayed=False))]
        assert await buried(bus) == []


async def test_an_unknown_failure_is_retried_and_then_buried_with_the_reason(nats: Nats) -> None:
    inbox = Inbox(raising(RuntimeError("The cat – Зоя –\nsat on it.")))
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await send(bus, 1, "hello")
        await inbox.filled(3)
        await settled(bus)
        assert inbox.attempts == [1, 2, 3]
        (stored,) = await buried(bus)
        letter = stored.letter
        assert (letter.subject, letter.stream, letter.consumer) == ("job.noted.v1", EVENTS.name, CONSUMER)
        assert (letter.sequence, letter.attempts, letter.code) == (1, 3, "unhandled")
        assert letter.reason == "RuntimeError: The cat – Зоя – sat on it."
        assert letter.body == b'{"text":"hello","number":1}'


@pytest.mark.parametrize("error", [UnavailableError("away"), RuntimeError("crash")])
async def test_a_failure_that_passes_is_forgotten(nats: Nats, error: Exception) -> None:
    async def work(_: Note, delivery: Delivery) -> None:
        if delivery.attempt < 3:
            raise error

    inbox = Inbox(work)
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await send(bus)
        await inbox.filled(3)
        await settled(bus)
        assert inbox.attempts == [1, 2, 3]
        assert await buried(bus) == []


async def test_what_no_retry_mends_is_buried_at_once(nats: Nats) -> None:
    inbox = Inbox(raising(MediaError("It is broken.")))
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await send(bus)
        await inbox.filled(1)
        await settled(bus)
        assert inbox.attempts == [1]
        (stored,) = await buried(bus)
        assert (stored.letter.code, stored.letter.reason, stored.letter.attempts) == (
            "media_error",
            "It is broken.",
            1,
        )


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"number":"1"}', b"[]"])
async def test_what_does_not_decode_is_buried_at_once(nats: Nats, body: bytes) -> None:
    inbox = Inbox()
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await bus.jetstream.publish(NOTED.subject, body)
        await send(bus, 2)
        await inbox.filled(1)
        await settled(bus)
        assert inbox.numbers == [2]
        (stored,) = await buried(bus)
        assert (stored.letter.code, stored.letter.attempts, stored.letter.body) == ("invalid_input", 1, body)


async def test_an_outage_is_sat_out_until_the_servers_limit_is_near(nats: Nats) -> None:
    inbox = Inbox(raising(UnavailableError("The database does not answer.")))
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await send(bus)
        await inbox.filled(5)
        await settled(bus)
        assert inbox.attempts == [1, 2, 3, 4, 5]  # of at most six
        (stored,) = await buried(bus)
        assert (stored.letter.code, stored.letter.attempts) == ("unavailable", 5)


async def test_a_heartbeat_keeps_long_work_from_being_delivered_twice(nats: Nats) -> None:
    async def work(_: Note, __: Delivery) -> None:
        await asyncio.sleep(2.5)  # of an `ack_wait` of one

    inbox = Inbox(work)
    async with (
        running(nats, lambda bus: bus.consume(NOTED, inbox, lanes=2)),
        running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus,
    ):
        await send(bus)
        await settled(bus)
        assert inbox.attempts == [1]


async def test_what_a_dead_process_had_is_delivered_again(nats: Nats) -> None:
    inbox = Inbox()
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)):
        pass
    client = await raw_nats.connect(nats.url)
    await client.jetstream().publish(NOTED.subject, b'{"number":1}')
    dying = await client.jetstream().pull_subscribe(NOTED.subject, CONSUMER, stream=EVENTS.name)
    assert len(await dying.fetch(1, timeout=5)) == 1
    await client.close()
    assert inbox.got == []
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await inbox.filled(1)
        await settled(bus)
        assert (inbox.numbers, inbox.attempts) == ([1], [2])


async def test_lanes_work_beside_each_other(nats: Nats) -> None:
    inside = asyncio.Barrier(3)

    async def work(_: Note, __: Delivery) -> None:
        async with asyncio.timeout(10):
            await inside.wait()

    inbox = Inbox(work)
    async with running(nats, lambda bus: bus.consume(NOTED, inbox, lanes=3)) as bus:
        for number in range(3):
            await send(bus, number)
        await settled(bus)
        assert sorted(inbox.numbers) == [0, 1, 2]
        assert inbox.attempts == [1, 1, 1]


async def test_a_message_with_the_same_id_is_stored_once(nats: Nats) -> None:
    inbox = Inbox()
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        for text in ("first", "again", "and again"):
            await send(bus, 1, text)
        await send(bus, 2)
        await inbox.filled(2)
        await settled(bus)
        assert [(note.number, note.text) for note, _ in inbox.got] == [(1, "first"), (2, "")]


async def test_replicas_share_the_work_and_services_do_not(nats: Nats) -> None:
    first, second, other = Inbox(), Inbox(), Inbox()

    async with (
        running(nats, lambda bus: bus.consume(NOTED, first)) as bus,
        running(nats, lambda bus: bus.consume(NOTED, second)),
        running(nats, lambda bus: bus.consume(NOTED, other), service="other"),
    ):
        for number in range(60):
            await send(bus, number)
        await settled(bus)
        await other.filled(60)
    assert sorted(first.numbers + second.numbers) == list(range(60))
    assert first.numbers
    assert second.numbers
    assert other.numbers == list(range(60))


async def test_followers_hear_everything_in_order_from_now_on(nats: Nats) -> None:
    heard: dict[str, list[int]] = {"one": [], "two": []}

    def follower(name: str) -> Callable[[Bus], None]:
        async def hear(note: Note) -> None:
            heard[name].append(note.number)

        def register(bus: Bus) -> None:
            bus.follow({NOTED: hear}, instance=name)

        return register

    async with running(nats) as bus:
        await send(bus, 999)
        async with (
            running(nats, follower("one")),
            running(nats, follower("two")),
        ):
            for number in range(50):
                await send(bus, number)
            await settled(bus, "reader-one")
            await settled(bus, "reader-two")
    assert heard == {"one": list(range(50)), "two": list(range(50))}
