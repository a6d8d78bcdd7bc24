"""A row and its message commit together: messages wait in a table until a relay has published them.

Writers insert and `pg_notify` in their own transaction. Of all replicas one relay, the holder of an
advisory lock, publishes in order of insertion and deletes what JetStream has stored. A crash between the
two publishes again under the same `Nats-Msg-Id`, which JetStream drops.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import nats.errors
import nats.js.errors
from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.chassis.background import repeating
from libs.chassis.bus import Bus
from libs.chassis.codec import encode
from libs.chassis.database import Database, asyncpg_url
from libs.chassis.telemetry import OUTBOX_RELAYED, OUTBOX_WAITING, trace_headers
from libs.contracts.base import Message
from libs.contracts.errors import TooLargeError, UnavailableError

_BATCH = 500
MAX_PAYLOAD = 900_000
"""Bytes of a message: NATS takes 1 MiB with headers."""
_POLL = 2.0
_STORED_WITHIN = 10.0
"""Seconds that JetStream may take to store what it was sent."""
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Of a connection that broke; the last when a statement finds the one before unfinished."""


def outbox_table(metadata: MetaData) -> Table:
    """The outbox of the schema that `metadata` describes."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("subject", String, nullable=False),
        Column("message_id", String, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("payload", LargeBinary, nullable=False),
    )


class Outbox:
    """Writes to one schema's outbox."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._channel = f"outbox_{table.schema}"

    async def add(
        self,
        session: AsyncSession,
        subject: str,
        message: Message,
        *,
        message_id: str,
        trace: dict[str, str] | None = None,
    ) -> None:
        """Publish `message` if and when the session's transaction commits, as a part of `trace` (default:
        the current one). What `message_id` begins with, up to its first dot, is what the message is about;
        order is kept among those about the same, whatever breaks. Raises `TooLargeError`, so that nothing
        that cannot be sent blocks the rest."""
        payload = encode(message)
        if len(payload) > MAX_PAYLOAD:
            raise TooLargeError("This says more than a message can hold.", subject=subject)
        values = {
            "subject": subject,
            "message_id": message_id,
            "headers": trace_headers() if trace is None else trace,
            "payload": payload,
        }
        await session.execute(insert(self._table).values(values))
        await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": self._channel})


def relaying(schema: str, database_url: str, bus: Bus) -> AbstractAsyncContextManager[None]:
    """Run the relay of `schema` while the block runs; it waits its turn behind another replica's."""

    async def relay() -> None:
        try:
            await _relay(schema, asyncpg_url(database_url), bus)
        except _LOST as error:
            raise UnavailableError(f"The outbox lost the database: {error}.") from error
        except (nats.errors.Error, nats.js.errors.Error) as error:
            raise UnavailableError(f"The outbox lost the bus: {error}.") from error

    OUTBOX_RELAYED.labels(schema)
    return repeating(f"outbox of {schema}", relay)


def backlog(table: Table, database: Database) -> Callable[[], Awaitable[None]]:
    """For `Health.measure`: tells how much waits in this outbox."""

    async def measure() -> None:
        async with database.transaction() as session:
            waiting = (await session.execute(select(func.count()).select_from(table))).scalar_one()
        OUTBOX_WAITING.labels(table.schema).set(waiting)

    return measure


async def _relay(schema: str, url: str, bus: Bus) -> None:
    connection = await asyncpg.connect(url, timeout=5, command_timeout=30)
    try:
        await _elected(connection, schema)
        wake = asyncio.Event()
        wake.set()
        await connection.add_listener(f"outbox_{schema}", lambda *_: wake.set())
        while True:
            try:
                async with asyncio.timeout(_POLL):
                    await wake.wait()
            except TimeoutError:
                pass
            wake.clear()
            while await _publish_batch(connection, schema, bus):
                pass
    finally:
        connection.terminate()


async def _elected(connection: asyncpg.Connection[Any], schema: str) -> None:
    """Wait until this connection holds the relay's lock, which ends with the connection."""
    key = zlib.crc32(f"outbox:{schema}".encode())
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
        await asyncio.sleep(0.5)


async def _publish_batch(connection: asyncpg.Connection[Any], schema: str, bus: Bus) -> bool:
    """Publish the oldest messages in order and delete them; whether there may be more. A connection that
    breaks may take some of what is under way with it and not what comes after: of messages about the same
    thing, whose ids begin with its name, one is under way at a time."""
    rows = await connection.fetch(
        f'SELECT id, subject, message_id, headers, payload FROM "{schema}".outbox ORDER BY id LIMIT $1',  # noqa: S608  (ours)
        _BATCH,
    )
    if not rows:
        return False
    under_way: dict[str, asyncio.Future[Any]] = {}
    for row in rows:
        about = row["message_id"].partition(".")[0]
        if about in under_way:
            await _stored(under_way)
        headers = {**json.loads(row["headers"]), "Nats-Msg-Id": row["message_id"]}
        sent = await bus.jetstream.publish_async(row["subject"], row["payload"], headers=headers)
        under_way[about] = sent
    await _stored(under_way)
    await connection.execute(
        f'DELETE FROM "{schema}".outbox WHERE id = ANY($1::bigint[])',  # noqa: S608  (ours)
        [row["id"] for row in rows],
    )
    OUTBOX_RELAYED.labels(schema).inc(len(rows))
    return len(rows) == _BATCH


async def _stored(under_way: dict[str, asyncio.Future[Any]]) -> None:
    """Wait until JetStream has stored all of it."""
    await asyncio.wait_for(asyncio.gather(*under_way.values()), timeout=_STORED_WITHIN)
    under_way.clear()
