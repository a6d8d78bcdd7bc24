"""What tests of the bus share: a message, a place that keeps what was delivered, and waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from nats.js.api import ConsumerInfo

from libs.chassis.bus import Bus, started
from libs.chassis.deadletters import StoredLetter, letters
from libs.chassis.delivery import DeadLetter, Delivery
from libs.contracts.base import Event, Message
from libs.contracts.errors import ReelbusError
from libs.contracts.streams import EVENTS, TASKS, task_subject
from tests.chassis.servers import Nats

PATIENCE = 20.0


class Note(Message, frozen=True, kw_only=True):
    text: str = ""
    number: int = 0


NOTED = Event("job.noted", 1, Note)
CONSUMER = "reader-job-noted-v1"


class Inbox:
    """A handler that keeps what it got, then does `work`."""

    def __init__(self, work: Callable[[Note, Delivery], Awaitable[None]] | None = None) -> None:
        self.got: list[tuple[Note, Delivery]] = []
        self._work = work

    async def __call__(self, note: Note, delivery: Delivery) -> None:
        self.got.append((note, delivery))
        if self._work is not None:
            await self._work(note, delivery)

    @property
    def attempts(self) -> list[int]:
        return [delivery.attempt for _, delivery in self.got]

    @property
    def numbers(self) -> list[int]:
        return [note.number for note, _ in self.got]

    async def filled(self, count: int) -> None:
        await until(lambda: len(self.got) >= count)


def raising(error: Exception) -> Callable[[Note, Delivery], Awaitable[None]]:
    async def work(_: Note, __: Delivery) -> None:
        raise error

    return work


async def no_end(_: DeadLetter, __: ReelbusError) -> None:
    raise AssertionError("nothing was exhausted")


async def until(condition: Callable[[], Any], within: float = PATIENCE) -> Any:
    """The first truth that `condition` (which may be asynchronous) answers."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"not so within {within} s"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def connected(nats: Nats, service: str = "reader", **settings: float) -> AsyncIterator[Bus]:
    """A bus that is not started: register handlers and use `started`."""
    bus = Bus(service, nats.settings(**settings))
    await bus.connect()
    yield bus


@asynccontextmanager
async def running(
    nats: Nats, register: Callable[[Bus], None] = lambda _: None, service: str = "reader", **settings: float
) -> AsyncIterator[Bus]:
    async with connected(nats, service, **settings) as bus:
        register(bus)
        async with started(bus):
            yield bus


async def send(bus: Bus, number: int = 0, text: str = "") -> None:
    await bus.publish(NOTED, Note(text=text, number=number), message_id=f"note-{number}")


async def send_task(bus: Bus, number: int = 0, service: str = "worker") -> None:
    data = f'{{"number":{number}}}'.encode()
    await bus.jetstream.publish(task_subject(service, "batch"), data, stream=TASKS.name)


async def buried(bus: Bus) -> list[StoredLetter]:
    return [letter async for letter in letters(bus.jetstream)]


async def settled(bus: Bus, consumer: str = CONSUMER, stream: str = EVENTS.name) -> ConsumerInfo:
    """Once the consumer has nothing to deliver and waits for no acknowledgement."""

    async def quiet() -> ConsumerInfo | None:
        info = await bus.jetstream.consumer_info(stream, consumer)
        return None if info.num_pending or info.num_ack_pending else info

    info: ConsumerInfo = await until(quiet)
    return info
