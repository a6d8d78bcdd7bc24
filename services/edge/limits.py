"""How often somebody may ask: exact, and shared by all replicas, since PostgreSQL keeps count.

A limit is a sliding window: in no `seconds` are there more than `count` requests. Taking is one statement on
one row, whose lock puts the takers in order; times are the database's alone.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import CursorResult, TextClause, text

from libs.chassis.database import Database
from libs.contracts.errors import TooManyRequestsError, UnavailableError

_PATIENCE = 5.0
_MAX_KEPT = 10_000
_TAKE = text(
    """
    INSERT INTO edge.rate_limits AS mine (key, taken, granted, stale_at)
    SELECT :key, ARRAY[now], true, now + :window FROM (SELECT clock_timestamp() AS now) AS clock
    ON CONFLICT (key) DO UPDATE SET (taken, granted, stale_at) = (
        SELECT CASE WHEN free THEN recent || now ELSE recent END,
               free,
               CASE WHEN free THEN now + :window ELSE mine.stale_at END
        FROM (
            SELECT now, recent, cardinality(recent) < :count AS free
            FROM (SELECT clock_timestamp() AS now) AS clock,
            LATERAL (
                SELECT ARRAY(
                    SELECT each FROM unnest(mine.taken) AS each WHERE each > now - :window ORDER BY each
                ) AS recent
            ) AS kept
        ) AS state
    )
    RETURNING granted, extract(
        epoch FROM taken[cardinality(taken) - :count + 1] + :window - clock_timestamp()
    )::float8 AS wait
    """
)
_SWEEP = text(
    """
    DELETE FROM edge.rate_limits WHERE key IN (
        SELECT key FROM edge.rate_limits WHERE stale_at < clock_timestamp() FOR UPDATE SKIP LOCKED
    )
    """
)


@dataclass(frozen=True)
class Limit:
    """At most `count` requests of one caller in any `seconds`; limits of different names count apart."""

    name: str
    count: int
    seconds: float = 60.0


class Limiter(Protocol):
    async def take(self, caller: str, limit: Limit) -> None:
        """Let one request of `caller` (a short text) pass. Raises `TooManyRequestsError`, for requests that
        do not count then, and `UnavailableError`."""


class Unlimited:
    """Lets everybody pass."""

    async def take(self, caller: str, limit: Limit) -> None:
        return


class RateLimiter:
    """Keeps count in `database`. Whoever was refused is refused until his time comes without asking it again,
    so that a flood does not reach it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._refused: dict[str, float] = {}

    async def take(self, caller: str, limit: Limit) -> None:
        key = f"{limit.name}:{caller}"
        wait = self._refused.get(key, 0.0) - self._clock()
        if wait <= 0:
            self._refused.pop(key, None)
            wait = await self._ask(key, limit)
            if wait <= 0:
                return
            self._remember(key, wait)
        seconds = max(1, math.ceil(wait))
        raise TooManyRequestsError(
            f"Too many requests: at most {limit.count} in {limit.seconds:g} s. Try again in {seconds} s.",
            retry_after=seconds,
            limit=limit.count,
        )

    async def sweep(self) -> None:
        """Remove rows that mean nothing any more; replicas may sweep at once."""
        await self._run(_SWEEP)

    async def _ask(self, key: str, limit: Limit) -> float:
        """Seconds until the next request may pass; 0 when this one does."""
        values = {"key": key, "count": limit.count, "window": timedelta(seconds=limit.seconds)}
        try:
            async with asyncio.timeout(_PATIENCE):
                row = (await self._run(_TAKE, **values)).one()
        except TimeoutError as error:
            raise UnavailableError("The database does not answer.") from error
        return 0.0 if row.granted else max(row.wait, 0.001)

    async def _run(self, statement: TextClause, **values: object) -> CursorResult[Any]:
        async with self._database.transaction() as session:
            connection = await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            return await connection.execute(statement, values)

    def _remember(self, key: str, wait: float) -> None:
        now = self._clock()
        if len(self._refused) >= _MAX_KEPT:
            self._refused = {each: until for each, until in self._refused.items() if until > now}
        if len(self._refused) < _MAX_KEPT:
            self._refused[key] = now + wait
