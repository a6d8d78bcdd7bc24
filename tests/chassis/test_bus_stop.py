"""Stopping: work is returned or finished, and nothing is worn out by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from libs.chassis.bus import Bus
from libs.chassis.delivery import Delivery
from libs.contracts.base import Method
from libs.contracts.streams import EVENTS, TASKS
from tests.chassis.buses import (
    CONSUMER,
    NOTED,
    Inbox,
    Note,
    buried,
    connected,
    no_end,
    running,
    send,
    send_task,
    settled,
    until,
)
from tests.chassis.servers import Nats

pytestmark = pytest.mark.anyio

ECHO = Method("rpc.server.echo", Note, Note, timeout=5.0)


def worker(inbox: Inbox, lanes: int = 1) -> Callable[[Bus], None]:
    return lambda bus: bus.work("worker", Note, inbox, no_end, lanes=lanes)


async def forever(_: Note, __: Delivery) -> None:
    await asyncio.Event().wait()


async def test_interrupted_work_goes_to_another_process_at_once(nats: Nats) -> None:
    first, second = Inbox(forever), Inbox()
    async with running(nats, worker(first), ack_wait=60.0) as stopping:
        await send_task(stopping, 7)
        await first.filled(1)
        async with running(nats, worker(second), ack_wait=60.0) as bus:
            await stopping.stop()
            await second.filled(1)  # long before `ack_wait`
            assert (second.numbers, second.attempts) == ([7], [2])
            await settled(bus, "worker", TASKS.name)


async def test_all_lanes_are_interrupted(nats: Nats) -> None:
    first, second = Inbox(forever), Inbox()
    async with running(nats, worker(first, 3), ack_wait=60.0) as bus:
        for number in range(5):
            await send_task(bus, number)
        await first.filled(3)
    async with running(nats, worker(second), ack_wait=60.0) as bus:
        await second.filled(5)
        await settled(bus, "worker", TASKS.name)
        assert sorted(second.numbers) == [0, 1, 2, 3, 4]


async def test_events_in_work_are_finished(nats: Nats) -> None:
    go = asyncio.Event()

    async def work(_: Note, __: Delivery) -> None:
        await go.wait()

    inbox = Inbox(work)
    async with connected(nats) as bus:
        bus.consume(NOTED, inbox)
        await bus.start()
        await send(bus, 1)
        await inbox.filled(1)
        stopping = asyncio.create_task(bus.stop())
        await asyncio.sleep(0.2)
        assert not stopping.done()
        go.set()
        await stopping
    async with running(nats, lambda bus: bus.consume(NOTED, Inbox())) as bus:
        info = await settled(bus)
        assert info.delivered is not None
        assert info.delivered.consumer_seq == 1


async def test_waiting_for_one_handler_does_not_wear_out_the_messages_of_others(nats: Nats) -> None:
    """A message that is returned counts as delivered; past `max_deliver` it would be taken for a killer."""
    go = asyncio.Event()

    async def work(note: Note, _: Delivery) -> None:
        if note.number == 1:
            await go.wait()

    slow = Inbox(work)
    async with connected(nats) as stopping:
        stopping.consume(NOTED, slow, lanes=2)
        stopping.work("worker", Note, Inbox(), no_end, lanes=2)
        await stopping.start()
        async with running(nats, service="sender") as sender:
            await send(sender, 1)
            await slow.filled(1)
            stop = asyncio.create_task(stopping.stop())
            await asyncio.sleep(0)
            await send(sender, 2)
            await send_task(sender, 3)
            await asyncio.sleep(1)
            go.set()
            await stop
            after = Inbox()

            def register(bus: Bus) -> None:
                bus.consume(NOTED, after)
                worker(after)(bus)

            async with running(nats, register) as bus:
                await after.filled(2)
                await settled(bus)
            assert sorted(after.numbers) == [2, 3]
            assert max(after.attempts) <= 3
            assert await buried(sender) == []
            assert (await sender.jetstream.stream_info("ADVISORIES")).state.messages == 0


async def test_a_bus_stops_while_nothing_is_there(nats: Nats) -> None:
    async with running(nats, worker(Inbox())):
        pass
    async with running(nats, lambda bus: bus.consume(NOTED, Inbox())):
        nats.kill()


async def test_stopping_twice_is_fine(nats: Nats) -> None:
    async with running(nats, worker(Inbox())) as bus:
        await bus.stop()


async def test_a_killed_server_comes_back_and_everything_goes_on(nats: Nats) -> None:
    inbox, followed = Inbox(), []

    async def hear(note: Note) -> None:
        followed.append(note.number)

    def register(bus: Bus) -> None:
        bus.consume(NOTED, inbox)
        bus.follow({NOTED: hear}, instance="i1")
        worker(inbox)(bus)

    async with running(nats, register) as bus:
        await send(bus, 1)
        await inbox.filled(1)
        await settled(bus)
        await settled(bus, "reader-i1")
        nats.kill()
        await nats.start_again()
        await until(lambda: _answers(bus))
        await send(bus, 2)
        await send(bus, 3)
        await send_task(bus, 14)
        await until(lambda: {1, 2, 3, 14} <= set(inbox.numbers))
        await settled(bus)
        await settled(bus, "worker", TASKS.name)
        await settled(bus, "reader-i1")
        assert list(dict.fromkeys(followed)) == [1, 2, 3]  # the last acknowledgements may be lost
        assert await buried(bus) == []


async def _answers(bus: Bus) -> bool:
    try:
        await bus.check()
        await bus.jetstream.consumer_info(EVENTS.name, CONSUMER)
    except Exception:
        return False
    return True


async def test_a_bus_waits_for_a_server_that_is_not_there_yet(nats: Nats) -> None:
    nats.kill()
    bus = Bus("reader", nats.settings())
    connecting = asyncio.create_task(bus.connect())
    await asyncio.sleep(0.3)
    assert not connecting.done()
    await nats.start_again()
    await connecting
    await bus.start()
    await send(bus, 1)
    await bus.stop()


async def test_calls_are_answered_while_one_of_two_that_answer_stops(nats: Nats) -> None:
    """Whoever stops answers what was sent to it, also what comes while it waits for what is under way."""

    async def echo(note: Note) -> Note:
        await asyncio.sleep(0.05)
        return note

    def register(bus: Bus) -> None:
        bus.serve(ECHO, echo)

    answered: list[int] = []
    over = asyncio.Event()

    async def ask(caller: Bus, number: int) -> None:
        while not over.is_set():
            answered.append((await caller.call(ECHO, Note(number=number))).number)

    async with running(nats) as caller, running(nats, register, "server"):
        for _ in range(3):
            async with running(nats, register, "server") as stopping:
                asking = [asyncio.create_task(ask(caller, number)) for number in range(20)]
                await until(lambda: len(answered) > 100)
                await stopping.stop()
                answered.clear()
                await until(lambda: len(answered) > 100)
                over.set()
                await asyncio.gather(*asking)
                over.clear()
