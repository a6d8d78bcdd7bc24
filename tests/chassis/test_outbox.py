"""From a committed row to a stored message: once, in order, whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from libs.chassis import outbox as module
from libs.chassis.bus import Bus
from libs.chassis.database import Database
from libs.chassis.outbox import Outbox, backlog, relaying
from libs.contracts.base import Message
from libs.contracts.errors import TooLargeError, UnavailableError
from libs.contracts.streams import EVENTS
from services.jobs.models import OUTBOX
from tests.chassis.buses import running, until
from tests.chassis.databases import Happened, execute, opened
from tests.chassis.servers import Nats, Postgres

pytestmark = pytest.mark.anyio
SUBJECT = "job.happened.v1"
HOLDER = """
SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


@pytest.fixture
async def bus(nats: Nats) -> AsyncIterator[Bus]:
    async with running(nats) as bus:
        yield bus


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


async def write(database: Database, *numbers: int, fail: bool = False) -> None:
    """All in one transaction, which `fail` rolls back."""
    async with database.transaction() as session:
        for number in numbers:
            await Outbox(OUTBOX).add(session, SUBJECT, Happened(number=number), message_id=f"n{number}")
        if fail:
            raise ZeroDivisionError


async def stored(bus: Bus) -> list[int]:
    """Numbers in the stream, in its order."""
    state = (await bus.jetstream.stream_info(EVENTS.name)).state
    found = []
    for sequence in range(state.first_seq, state.last_seq + 1) if state.messages else ():
        raw = await bus.jetstream.get_msg(EVENTS.name, seq=sequence)
        found.append(msgspec.json.decode(raw.data or b"", type=Happened).number)
    return found


async def left(database: Database) -> int:
    rows = await execute(database.url, "SELECT count(*) AS n FROM jobs.outbox")
    return int(rows[0]["n"])


async def emptied(database: Database) -> None:
    async def empty() -> bool:
        return await left(database) == 0

    await until(empty)


async def test_a_commit_is_published_and_a_rollback_is_not(bus: Bus, database: Database) -> None:
    async with relaying("jobs", database.url, bus):
        with pytest.raises(ZeroDivisionError):
            await write(database, 1, fail=True)
        await write(database, 2)
        await until(lambda: stored(bus))
        await emptied(database)
    assert await stored(bus) == [2]


async def test_what_waits_is_told(database: Database) -> None:
    measure = backlog(OUTBOX, database)
    for count in (0, 3):
        await write(database, *range(count))
        await measure()
        assert REGISTRY.get_sample_value("reelbus_outbox_waiting", {"service": "jobs"}) == count


async def test_nothing_leaves_before_the_commit(bus: Bus, database: Database) -> None:
    async with relaying("jobs", database.url, bus):
        async with database.transaction() as session:
            await Outbox(OUTBOX).add(session, SUBJECT, Happened(number=1), message_id="n1")
            await session.flush()
            await write(database, 2)
            await until(lambda: stored(bus))
            assert await stored(bus) == [2]
        await emptied(database)
    assert await stored(bus) == [2, 1]


async def test_order_is_kept_over_batches(
    bus: Bus, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 7)
    for start in range(0, 100, 10):
        await write(database, *range(start, start + 10))
    async with relaying("jobs", database.url, bus):
        await emptied(database)
    assert await stored(bus) == list(range(100))


async def test_a_message_published_before_a_crash_is_not_published_twice(
    bus: Bus, database: Database
) -> None:
    await write(database, 1, 2)
    for row in await execute(database.url, "SELECT * FROM jobs.outbox ORDER BY id LIMIT 1"):
        headers = {"Nats-Msg-Id": row["message_id"]}
        await bus.jetstream.publish(row["subject"], row["payload"], headers=headers)
    async with relaying("jobs", database.url, bus):
        await emptied(database)
    assert await stored(bus) == [1, 2]


async def test_what_a_server_took_with_it_does_not_fall_behind_what_follows_from_it(
    bus: Bus, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that was sent down a connection that broke is missed late; those behind it are stored."""
    monkeypatch.setattr(module, "_STORED_WITHIN", 0.5)
    publish, lost = bus.jetstream.publish_async, list[str]()

    async def losing(subject: str, payload: bytes, *, headers: dict[str, str]) -> asyncio.Future[Any]:
        if lost:
            return await publish(subject, payload, headers=headers)
        lost.append(headers["Nats-Msg-Id"])
        return asyncio.get_running_loop().create_future()

    monkeypatch.setattr(bus.jetstream, "publish_async", losing)
    async with database.transaction() as session:
        for number, message_id in ((1, "a.created"), (2, "b.created"), (3, "a.ended"), (4, "a.forgotten")):
            await Outbox(OUTBOX).add(session, SUBJECT, Happened(number=number), message_id=message_id)
    async with relaying("jobs", database.url, bus):
        await emptied(database)
    assert lost == ["a.created"]
    found = await stored(bus)
    assert sorted(found) == [1, 2, 3, 4]
    assert [number for number in found if number != 2] == [1, 3, 4]


async def test_a_connection_that_broke_in_mid_work_is_no_defect(
    bus: Bus, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncpg says so in words about itself, when a statement finds the one before unfinished."""
    publish_batch, broken = module._publish_batch, list[bool]()

    async def breaking(*args: Any) -> bool:
        if not broken:
            broken.append(True)
            raise asyncpg.InternalClientError(
                "cannot switch to state 12; another operation (2) is in progress"
            )
        return await publish_batch(*args)

    monkeypatch.setattr(module, "_publish_batch", breaking)
    async with relaying("jobs", database.url, bus):
        await write(database, 1)
        await emptied(database)
    assert broken
    assert "background step crashed" not in [record.message for record in caplog.records]


async def test_one_relay_works_and_another_takes_over(bus: Bus, database: Database) -> None:
    async with relaying("jobs", database.url, bus), relaying("jobs", database.url, bus):
        (first,) = await until(lambda: execute(database.url, HOLDER))
        await write(database, 1)
        await emptied(database)
        await execute(database.url, "SELECT pg_terminate_backend($1)", first["pid"])
        await write(database, 2)
        await emptied(database)
        (second,) = await execute(database.url, HOLDER)
        assert second["pid"] != first["pid"]
    assert await stored(bus) == [1, 2]


async def test_messages_wait_for_the_bus(nats: Nats, database: Database) -> None:
    async with running(nats) as bus, relaying("jobs", database.url, bus):
        await write(database, 1)
        await emptied(database)
        nats.kill()
        await write(database, 2)
        await nats.start_again()
        await emptied(database)
        assert await stored(bus) == [1, 2]


async def test_a_restart_of_the_database_is_survived(
    bus: Bus, database: Database, postgres: Postgres
) -> None:
    async with relaying("jobs", database.url, bus):
        await write(database, 1)
        await emptied(database)
        await asyncio.to_thread(postgres.stop)
        await postgres.start_again()
        async with asyncio.timeout(20):
            while True:
                try:
                    await write(database, 2)
                except UnavailableError:
                    continue
                break
        await emptied(database)
    assert await stored(bus) == [1, 2]
    await database.check()


async def test_a_transaction_without_a_database_is_unavailable(
    database: Database, postgres: Postgres
) -> None:
    await database.check()
    await asyncio.to_thread(postgres.stop)
    try:
        for _ in range(3):
            with pytest.raises(UnavailableError):
                await write(database, 1)
            with pytest.raises(UnavailableError):
                await database.check()
    finally:
        await postgres.start_again()


async def test_a_full_pool_is_unavailable(database_url: str) -> None:
    async with opened(database_url, pool=1) as small:
        small._engine.pool._timeout = 0.1  # type: ignore[attr-defined]  # no public way
        async with small.transaction() as session:
            await session.execute(text("SELECT 1"))
            with pytest.raises(UnavailableError):
                await small.check()
        await small.check()


async def test_what_no_message_can_hold_is_refused_when_written(bus: Bus, database: Database) -> None:
    """Else the relay would meet it, and nothing behind it would ever leave."""
    body = LetterSent(text="x" * 1_000_000)
    async with database.transaction() as session:
        with pytest.raises(TooLargeError):
            await Outbox(OUTBOX).add(session, SUBJECT, body, message_id="big")
    async with relaying("jobs", database.url, bus):
        await write(database, 1)
        await emptied(database)
    assert await stored(bus) == [1]


class LetterSent(Message, frozen=True, kw_only=True):
    """A message of any size."""

    text: str
