"""Dead letters: listed, sent again, dropped; and the net below crashes."""

from __future__ import annotations

import pytest

from libs.chassis import deadletters
from libs.chassis.advisories import consume_advisories
from libs.chassis.bus import Bus
from libs.chassis.codec import decode
from libs.chassis.delivery import DeadLetter, Delivery
from libs.contracts.errors import InvalidInputError, MediaError, NotFoundError, ReelbusError
from libs.contracts.streams import ADVISORIES, TASKS
from tests.chassis.buses import (
    NOTED,
    Inbox,
    Note,
    buried,
    connected,
    no_end,
    raising,
    running,
    send,
    send_task,
    settled,
    until,
)
from tests.chassis.servers import Nats

pytestmark = pytest.mark.anyio


async def ignore(_: DeadLetter) -> None:
    return


async def test_letters_are_listed_oldest_first(nats: Nats) -> None:
    inbox = Inbox(raising(MediaError("broken")))
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        assert await buried(bus) == []
        for number in range(12):
            await send(bus, number)
        await settled(bus)
        found = await buried(bus)
        assert [letter.letter.sequence for letter in found] == list(range(1, 13))
        assert [letter.sequence for letter in found] == list(range(1, 13))
        assert all(letter.time is not None for letter in found)
        assert await deadletters.letter(bus.jetstream, 3) == found[2]


async def test_a_dropped_letter_is_gone_and_its_neighbours_stay(nats: Nats) -> None:
    inbox = Inbox(raising(MediaError("broken")))
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        for number in range(4):
            await send(bus, number)
        await settled(bus)
        for sequence in (1, 3):
            await deadletters.drop(bus.jetstream, sequence)
        assert [letter.sequence for letter in await buried(bus)] == [2, 4]
        for action in (deadletters.drop, deadletters.replay, deadletters.letter):
            with pytest.raises(NotFoundError):
                await action(bus.jetstream, 3)
            with pytest.raises(NotFoundError):
                await action(bus.jetstream, 99)


async def test_a_replay_is_handled_again_and_marked(nats: Nats) -> None:
    healed = False

    async def work(_: Note, __: Delivery) -> None:
        if not healed:
            raise MediaError("broken")

    inbox = Inbox(work)
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await send(bus, 5, "hello")
        await inbox.filled(1)
        await settled(bus)
        healed = True
        await deadletters.replay(bus.jetstream, 1)
        await inbox.filled(2)
        await settled(bus)
        (first, once), (second, again) = inbox.got
        assert first == second
        assert (once.replayed, again.replayed, again.attempt) == (False, True, 1)
        assert await buried(bus) == []


async def test_a_replay_that_fails_is_buried_anew(nats: Nats) -> None:
    inbox = Inbox(raising(MediaError("broken")))
    async with running(nats, lambda bus: bus.consume(NOTED, inbox)) as bus:
        await send(bus, 5)
        await settled(bus)
        await deadletters.replay(bus.jetstream, 1)
        await inbox.filled(2)
        await settled(bus)
        (letter,) = await buried(bus)
        assert letter.sequence == 2


async def test_burying_the_same_delivery_twice_stores_it_once(nats: Nats) -> None:
    letter = DeadLetter("job.noted.v1", "EVENTS", "c", 7, 3, "unhandled", 'a "quoted" \\ reason', b"x", {})
    async with running(nats) as bus:
        await deadletters.bury(bus.jetstream, letter)
        await deadletters.bury(bus.jetstream, letter)
        (stored,) = await buried(bus)
        assert stored.letter.reason == letter.reason


async def test_the_end_is_told_before_the_burial(nats: Nats) -> None:
    told: list[tuple[Note, str, int]] = []

    async def exhausted(letter: DeadLetter, error: ReelbusError) -> None:
        told.append((decode(letter.body, Note), error.code, letter.attempts))
        if len(told) == 1:
            raise RuntimeError("nobody listens")

    inbox = Inbox(raising(RuntimeError("boom")))

    async with running(nats, lambda bus: bus.work("worker", Note, inbox, exhausted, lanes=1)) as bus:
        await send_task(bus, 4)
        await until(lambda: len(told) == 2)
        await settled(bus, "worker", TASKS.name)
        assert inbox.attempts == [1, 2, 3, 4]  # telling failed once, so the message was kept
        assert [note.number for note, _, _ in told] == [4, 4]
        (letter,) = await buried(bus)
        assert letter.letter.attempts == 4
        assert (await bus.jetstream.stream_info(TASKS.name)).state.messages == 0


async def _kill_workers_with(bus: Bus, body: bytes) -> None:
    """A task that is fetched until the server gives up, and never answered."""
    await bus.jetstream.publish("tasks.worker.batch", body)
    dying = await bus.jetstream.pull_subscribe("tasks.worker.*", "worker", stream=TASKS.name)
    for _ in range(2):
        assert len(await dying.fetch(1, timeout=5)) == 1
    await dying.unsubscribe()

    async def given_up() -> bool:
        with_reader = await bus.jetstream.pull_subscribe("tasks.worker.*", "worker", stream=TASKS.name)
        try:  # the server notices when somebody asks
            assert await with_reader.fetch(1, timeout=0.2) == []
        except TimeoutError:
            pass
        finally:
            await with_reader.unsubscribe()
        return (await bus.jetstream.stream_info(ADVISORIES.name)).state.last_seq > 0

    await until(given_up)


@pytest.mark.parametrize("trouble", [None, InvalidInputError("no task"), NotFoundError("unknown task")])
async def test_a_task_that_kills_its_workers_is_buried_and_leaves_the_queue(
    nats: Nats, trouble: ReelbusError | None
) -> None:
    lost: list[DeadLetter] = []

    async def hear(letter: DeadLetter) -> None:
        lost.append(letter)
        if trouble is not None:
            raise trouble

    async with connected(nats, "worker", max_deliver=2) as worker:
        worker.work("worker", Note, Inbox(), no_end, lanes=1)
        await worker.start()  # makes the consumer
        await worker.stop()
    async with running(nats, lambda bus: consume_advisories(bus, hear), "jobs") as bus:
        await _kill_workers_with(bus, b'{"number":9}')
        letter = (await until(lambda: buried(bus)))[0].letter
        assert (letter.code, letter.attempts, letter.sequence) == ("crashed", 2, 1)
        assert (letter.subject, letter.consumer, letter.body) == (
            "tasks.worker.batch",
            "worker",
            b'{"number":9}',
        )
        assert [each.sequence for each in lost] == [1]
        await settled(bus, "jobs-advisories", ADVISORIES.name)
        assert (await bus.jetstream.stream_info(TASKS.name)).state.messages == 0
        assert len(await buried(bus)) == 1


async def test_an_advisory_about_a_message_that_is_gone_is_forgotten(nats: Nats) -> None:
    advisory = b'{"stream":"TASKS","consumer":"worker","stream_seq":77,"deliveries":2}'
    async with running(nats, lambda bus: consume_advisories(bus, ignore), "jobs") as bus:
        await bus.jetstream.publish("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.TASKS.worker", advisory)
        await settled(bus, "jobs-advisories", ADVISORIES.name)
        assert await buried(bus) == []
