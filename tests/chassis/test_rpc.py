"""Calls and signals between services."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from libs.chassis.bus import Bus
from libs.contracts.base import Method, Signal
from libs.contracts.errors import InternalError, InvalidInputError, NotFoundError, UnavailableError
from tests.chassis.buses import Note, connected, running, send, until
from tests.chassis.servers import Nats

pytestmark = pytest.mark.anyio

ECHO = Method("rpc.server.echo", Note, Note)
HASTY = Method("rpc.server.hasty", Note, Note, timeout=0.3)
PINGED = Signal("job.pinged", Note)


class Other(Note, frozen=True, kw_only=True):
    """What a caller of another version might send."""

    number: str = ""  # type: ignore[assignment]  # another version of it


async def echo(note: Note) -> Note:
    return Note(text=note.text.upper(), number=note.number + 1)


async def test_an_answer(nats: Nats) -> None:
    async with running(nats, lambda bus: bus.serve(ECHO, echo), "server"), running(nats) as bus:
        assert await bus.call(ECHO, Note(text="hello", number=1)) == Note(text="HELLO", number=2)


async def test_a_named_error(nats: Nats) -> None:
    async def fail(_: Note) -> Note:
        raise NotFoundError("There is no such file – да.", file="a/b")

    async with running(nats, lambda bus: bus.serve(ECHO, fail), "server"), running(nats) as bus:
        with pytest.raises(NotFoundError, match="There is no such file – да") as caught:
            await bus.call(ECHO, Note())
        assert caught.value.details == {"file": "a/b"}


async def test_a_crash_is_an_answer_and_the_server_lives_on(nats: Nats) -> None:
    async def fail(note: Note) -> Note:
        return Note(number=1 // note.number)

    async with running(nats, lambda bus: bus.serve(ECHO, fail), "server"), running(nats) as bus:
        with pytest.raises(InternalError, match="Something went wrong"):
            await bus.call(ECHO, Note(number=0))
        assert await bus.call(ECHO, Note(number=1)) == Note(number=1)


async def test_a_request_of_another_shape_is_refused(nats: Nats) -> None:
    async with running(nats, lambda bus: bus.serve(ECHO, echo), "server"), running(nats) as bus:
        with pytest.raises(InvalidInputError):
            await bus.call(ECHO, Other(number="one"))


async def test_an_answer_too_large_for_the_bus_is_an_error_and_no_time_out(nats: Nats) -> None:
    async def gossip(_: Note) -> Note:
        return Note(text="x" * (2 << 20))

    async with running(nats, lambda bus: bus.serve(ECHO, gossip), "server"), running(nats) as bus:
        with pytest.raises(InternalError):
            await bus.call(ECHO, Note())


async def test_nobody_there_is_unavailable_at_once(nats: Nats) -> None:
    patient = Method("rpc.server.echo", Note, Note, timeout=60.0)
    async with running(nats) as bus, asyncio.timeout(10):
        with pytest.raises(UnavailableError, match="server service is not running"):
            await bus.call(patient, Note())


async def test_a_server_that_has_started_is_there_for_everyone(nats: Nats) -> None:
    async with running(nats) as bus:
        for number in range(20):  # one in fifteen was too early
            async with connected(nats, "server") as server:
                server.serve(ECHO, echo)
                await server.start()
                assert (await bus.call(ECHO, Note(number=number))).number == number + 1
                await server.stop()


async def test_a_slow_server_is_unavailable(nats: Nats) -> None:
    async def sleep(_: Note) -> Note:
        await asyncio.Event().wait()
        raise AssertionError

    async with connected(nats, "server") as server:
        server.serve(HASTY, sleep)
        await server.start()
        async with running(nats) as bus:
            with pytest.raises(UnavailableError, match="does not answer"):
                await bus.call(HASTY, Note())


async def test_64_calls_are_in_work_at_once(nats: Nats) -> None:
    inside = asyncio.Barrier(64)

    async def meet(note: Note) -> Note:
        async with asyncio.timeout(10):
            await inside.wait()
        return note

    async with running(nats, lambda bus: bus.serve(ECHO, meet), "server"), running(nats) as bus:
        answers = await asyncio.gather(*(bus.call(ECHO, Note(number=number)) for number in range(64)))
    assert [answer.number for answer in answers] == list(range(64))


async def test_replicas_share_calls(nats: Nats) -> None:
    answered = {"one": 0, "two": 0}

    def server(name: str) -> Callable[[Bus], None]:
        async def answer(note: Note) -> Note:
            answered[name] += 1
            return note

        return lambda bus: bus.serve(ECHO, answer)

    async with (
        running(nats, server("one"), "server"),
        running(nats, server("two"), "server"),
        running(nats) as bus,
    ):
        await asyncio.gather(*(bus.call(ECHO, Note(number=number)) for number in range(100)))
    assert sum(answered.values()) == 100
    assert min(answered.values()) > 0


async def test_calls_in_work_are_answered_when_the_server_stops(nats: Nats) -> None:
    inside, go = asyncio.Event(), asyncio.Event()

    async def wait(note: Note) -> Note:
        inside.set()
        await go.wait()
        return note

    async with connected(nats, "server") as server, running(nats) as bus:
        server.serve(ECHO, wait)
        await server.start()
        call = asyncio.create_task(bus.call(ECHO, Note(number=5)))
        await inside.wait()
        stopping = asyncio.create_task(server.stop())
        go.set()
        assert await call == Note(number=5)
        await stopping


async def test_a_call_without_a_bus_is_unavailable(nats: Nats) -> None:
    async with running(nats) as bus:
        nats.kill()
        with pytest.raises(UnavailableError):
            await bus.call(HASTY, Note())


async def test_signals_reach_every_replica_or_one_of_them(nats: Nats) -> None:
    everyone: list[str] = []
    shared: list[str] = []

    def listener(name: str) -> Callable[[Bus], None]:
        async def on_all(_: Note) -> None:
            everyone.append(name)

        async def on_shared(_: Note) -> None:
            shared.append(name)

        def register(bus: Bus) -> None:
            bus.listen(PINGED, on_all)
            bus.listen(PINGED, on_shared, shared=True)

        return register

    async with (
        running(nats, listener("one")),
        running(nats, listener("two")),
        running(nats, service="sender") as bus,
    ):
        await bus.signal(PINGED, Note())
        await until(lambda: len(everyone) == 2 and shared)
        await bus.signal(PINGED, Note())
        await until(lambda: len(everyone) == 4 and len(shared) == 2)
    assert sorted(everyone) == ["one", "one", "two", "two"]
    assert len(shared) == 2


async def test_a_signal_that_does_not_decode_harms_nobody(nats: Nats) -> None:
    heard: list[int] = []

    async def hear(note: Note) -> None:
        heard.append(note.number)

    async with running(nats, lambda bus: bus.listen(PINGED, hear)) as bus:
        await bus.signal(Signal(PINGED.subject, Other), Other(number="one"))
        await bus.signal(PINGED, Note(number=2))
        await until(lambda: heard == [2])


async def test_a_signal_without_a_bus_is_lost_in_silence(nats: Nats) -> None:
    async with running(nats) as bus:
        nats.kill()
        await bus.signal(PINGED, Note())


async def test_an_event_without_a_bus_is_unavailable(nats: Nats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.chassis.bus._PUBLISH_TIMEOUT", 0.3)
    async with running(nats) as bus:
        nats.kill()
        with pytest.raises(UnavailableError):
            await send(bus, 1)
