"""Streams and consumers are made as declared, and mended when they are not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import nats as raw_nats
import pytest
from nats.js.api import ConsumerConfig, RetentionPolicy, StreamConfig
from prometheus_client import REGISTRY

from libs.chassis.bus import Bus
from libs.chassis.jetstream import ensure_consumer, ensure_streams, measure_streams, restore_consumers
from libs.contracts.errors import UnavailableError
from libs.contracts.streams import EVENTS, KEEPER, STREAMS, TASKS
from tests.chassis.buses import (
    CONSUMER,
    NOTED,
    Inbox,
    Note,
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


async def test_streams_are_made_as_declared_once_or_twice(nats: Nats) -> None:
    async with running(nats) as bus:
        await ensure_streams(bus.jetstream, keeper=True)
        for stream in STREAMS:
            config = (await bus.jetstream.stream_info(stream.name)).config
            assert config.subjects == list(stream.subjects)
            assert (config.max_age, config.duplicate_window) == (stream.max_age_s, stream.duplicate_window_s)
            assert config.retention == RetentionPolicy(stream.retention.value)


async def test_what_lies_in_the_streams_and_what_a_consumer_did_not_get_is_told(nats: Nats) -> None:
    async with running(nats) as bus:
        await bus.jetstream.add_consumer(EVENTS.name, ConsumerConfig(durable_name=CONSUMER))
        for number in range(3):
            await send(bus, number)
        await measure_streams(bus.jetstream)
        assert REGISTRY.get_sample_value("reelbus_stream_messages", {"stream": EVENTS.name}) == 3
        assert REGISTRY.get_sample_value("reelbus_stream_messages", {"stream": TASKS.name}) == 0
        assert (REGISTRY.get_sample_value("reelbus_stream_bytes", {"stream": EVENTS.name}) or 0) > 0
        await restore_consumers(bus.jetstream, [(EVENTS.name, ConsumerConfig(durable_name=CONSUMER))])
        assert REGISTRY.get_sample_value("reelbus_consumer_pending", {"consumer": CONSUMER}) == 3


async def test_replicas_may_start_at_the_same_moment(nats: Nats) -> None:
    async def one() -> None:
        async with running(nats, lambda bus: bus.consume(NOTED, Inbox())):
            pass

    await asyncio.gather(*(one() for _ in range(4)))


async def test_a_stream_of_an_older_version_is_brought_up_to_date_and_keeps_its_messages(
    bare_nats: Nats,
) -> None:
    client = await raw_nats.connect(bare_nats.url)
    old = StreamConfig(name=EVENTS.name, subjects=["job.*.*"], max_age=60.0, duplicate_window=30.0)
    await client.jetstream().add_stream(old)
    await client.jetstream().publish(NOTED.subject, b'{"number":1}')
    await client.close()
    inbox = Inbox()
    async with running(bare_nats, lambda bus: bus.consume(NOTED, inbox), service=KEEPER) as bus:
        config = (await bus.jetstream.stream_info(EVENTS.name)).config
        assert set(config.subjects or []) == set(EVENTS.subjects)
        assert (config.max_age, config.duplicate_window) == (EVENTS.max_age_s, EVENTS.duplicate_window_s)
        await inbox.filled(1)
        assert inbox.numbers == [1]


async def test_all_but_the_keeper_wait_for_him(bare_nats: Nats, caplog: pytest.LogCaptureFixture) -> None:
    """First for a stream that is not there, then for one of an older version."""
    caplog.set_level("INFO")
    client = await raw_nats.connect(bare_nats.url)
    js = client.jetstream()
    async with connected(bare_nats) as reader:
        start = asyncio.create_task(reader.start())
        await until(lambda: "stream awaited" in caplog.text)
        assert await js.streams_info() == []
        await js.add_stream(StreamConfig(name=TASKS.name, subjects=list(TASKS.subjects)))
        await js.add_stream(StreamConfig(name=EVENTS.name, subjects=["job.*.*"]))
        await until(lambda: caplog.text.count("stream awaited") == 2)
        assert not start.done()
        assert (await js.stream_info(EVENTS.name)).config.subjects == ["job.*.*"]
        await js.delete_stream(TASKS.name)  # its retention is another
        async with running(bare_nats, service=KEEPER):
            await start
        await reader.stop()
    await client.close()


async def test_a_consumer_follows_its_settings_and_keeps_its_place(nats: Nats) -> None:
    first, second = Inbox(), Inbox()
    async with running(nats, lambda bus: bus.consume(NOTED, first)) as bus:
        await send(bus, 1)
        await settled(bus)
    async with running(nats, lambda bus: bus.consume(NOTED, second), ack_wait=7.0, max_deliver=9) as bus:
        await send(bus, 2)
        info = await settled(bus)
        assert (info.config.ack_wait, info.config.max_deliver) == (7.0, 9)
    assert (first.numbers, second.numbers) == ([1], [2])


async def test_a_consumer_learns_further_subjects(nats: Nats) -> None:
    async with running(nats) as bus:
        for filters in (["job.noted.v1"], ["job.noted.v1", "media.seen.v1"]):
            config = ConsumerConfig(durable_name="c", filter_subjects=filters)
            await ensure_consumer(bus.jetstream, EVENTS.name, config)
            info = await bus.jetstream.consumer_info(EVENTS.name, "c")
            assert info.config.filter_subjects == filters


async def test_a_consumer_that_vanishes_is_made_again(nats: Nats, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server forgets a follower that was asleep for five minutes."""
    monkeypatch.setattr("libs.chassis.bus._CARE", 0.1)
    followed: list[int] = []
    inbox = Inbox()

    async def hear(note: Note) -> None:
        followed.append(note.number)

    def register(bus: Bus) -> None:
        bus.follow({NOTED: hear}, instance="i1")
        bus.consume(NOTED, inbox)

    async with running(nats, register) as bus:
        await send(bus, 1)
        await until(lambda: followed and inbox.got)
        for consumer in ("reader-i1", CONSUMER):
            await bus.jetstream.delete_consumer(EVENTS.name, consumer)
            await until(partial(_there, bus, consumer))
        await send(bus, 2)
        await until(lambda: followed == [1, 2] and 2 in inbox.numbers)


async def _there(bus: Bus, consumer: str) -> bool:
    return consumer in [info.name for info in await bus.jetstream.consumers_info(EVENTS.name)]


async def test_the_servers_limits_are_those_of_the_policy(nats: Nats) -> None:
    async with running(nats, lambda bus: bus.consume(NOTED, Inbox()), ack_wait=3.0) as bus:
        info = await bus.jetstream.consumer_info(EVENTS.name, CONSUMER)
        assert (info.config.ack_wait, info.config.max_deliver, info.config.backoff) == (3.0, 6, None)


async def test_tasks_leave_the_work_queue_and_events_stay(nats: Nats) -> None:
    inbox = Inbox()

    def register(bus: Bus) -> None:
        bus.consume(NOTED, inbox)
        bus.work("worker", NOTED.type, inbox, no_end, lanes=1)

    async with running(nats, register) as bus:
        await send(bus, 1)
        await send_task(bus, 2)
        await inbox.filled(2)
        await settled(bus)
        await settled(bus, "worker", TASKS.name)
        assert (await bus.jetstream.stream_info(TASKS.name)).state.messages == 0
        assert (await bus.jetstream.stream_info(EVENTS.name)).state.messages == 1


async def test_streams_that_are_gone_are_made_again_and_others_left_alone(
    nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox()
    async with (
        running(nats) as reader,
        running(nats, lambda bus: bus.consume(NOTED, inbox), service=KEEPER) as bus,
    ):
        js = bus.jetstream
        newer = replace(
            (await js.stream_info(TASKS.name)).config, subjects=[*TASKS.subjects, "tasks.of.a.newer"]
        )
        await js.update_stream(newer)
        before = await bus.made_at(EVENTS)
        await js.delete_stream(EVENTS.name)
        with monkeypatch.context() as patched:
            patched.setattr("libs.chassis.jetstream._SOON", 0.1)
            with pytest.raises(UnavailableError, match="EVENTS is not there"):
                await reader.care()
        waiting = asyncio.create_task(reader.care())
        await bus.care()
        await waiting
        assert await bus.made_at(EVENTS) > before
        assert (await js.stream_info(TASKS.name)).config.subjects == newer.subjects
        await send(bus, 7)
        await inbox.filled(1)
        assert inbox.numbers == [7]
