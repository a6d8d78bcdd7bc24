"""Rate limits over a real PostgreSQL: exact, whoever asks where."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from libs.chassis.database import Database
from libs.contracts.errors import TooManyRequestsError, UnavailableError
from services.edge.limits import Limit, Limiter, RateLimiter, Unlimited
from tests.chassis.databases import execute, opened
from tests.chassis.servers import Postgres

pytestmark = pytest.mark.anyio
LIMIT = Limit("test", 10)
LONG = 1000.0
"""Seconds of a window that no test lives through."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """That of another replica."""
    async with opened(database_url) as database:
        yield database


async def refused(limiter: Limiter, caller: str = "a", limit: Limit = LIMIT) -> int | None:
    """Seconds to wait, or `None` when the request passed."""
    try:
        await limiter.take(caller, limit)
    except TooManyRequestsError as error:
        wait: object = error.details["retry_after"]
        assert isinstance(wait, int)
        return wait
    return None


async def age(database: Database, seconds: float, key: str = "test:a") -> None:
    """As if all requests of `key` had been made so much earlier."""
    await execute(
        database.url,
        "UPDATE edge.rate_limits SET stale_at = stale_at - $1::interval,"
        " taken = ARRAY(SELECT t - $1::interval FROM unnest(taken) t ORDER BY t) WHERE key = $2",
        timedelta(seconds=seconds),
        key,
    )


@pytest.mark.parametrize("count", [1, 10, 37])
async def test_exactly_so_many_of_fifty_at_once_pass_over_two_replicas(
    database: Database, other: Database, count: int
) -> None:
    limiters, limit = [RateLimiter(database), RateLimiter(other)], Limit("test", count, LONG)
    for caller in ("first", "second"):
        waits = await asyncio.gather(*(refused(limiters[n % 2], caller, limit) for n in range(50)))
        assert Counter(wait is None for wait in waits) == {True: count, False: 50 - count}
        assert {wait for wait in waits if wait is not None} <= set(range(980, 1001))


async def test_who_was_refused_did_not_take(database: Database) -> None:
    for number in range(30):
        assert (await refused(RateLimiter(database)) is None) == (number < 10)
    (row,) = await execute(database.url, "SELECT cardinality(taken) AS taken, granted FROM edge.rate_limits")
    assert (row["taken"], row["granted"]) == (10, False)


async def test_callers_and_limits_count_apart(database: Database) -> None:
    limiter, one = RateLimiter(database), Limit("one", 1)
    other = Limit("other", 1)
    for caller, limit in (("a", one), ("b", one), ("a", other)):
        assert await refused(limiter, caller, limit) is None
    for caller, limit in (("a", one), ("b", one), ("a", other)):
        assert await refused(limiter, caller, limit) is not None


async def test_the_window_slides(database: Database) -> None:
    """Four at the start, six 30 s later: after another 40 s four may pass, and not one more."""
    for count in (4, 6):
        for _ in range(count):
            assert await refused(RateLimiter(database)) is None
        await age(database, 30)
    assert await refused(RateLimiter(database)) is None  # the first four are 60 s old
    for _ in range(3):
        assert await refused(RateLimiter(database)) is None
    wait = await refused(RateLimiter(database))
    assert wait is not None
    assert 25 <= wait <= 30  # the six are 30 s old


async def test_retry_after_is_when_the_next_may_pass(database: Database) -> None:
    limit = Limit("test", 2, LONG)
    await refused(RateLimiter(database), limit=limit)
    await age(database, 900)
    await refused(RateLimiter(database), limit=limit)
    wait = await refused(RateLimiter(database), limit=limit)
    assert wait is not None
    assert 90 <= wait <= 100
    await age(database, wait)
    assert await refused(RateLimiter(database), limit=limit) is None
    wait = await refused(RateLimiter(database), limit=limit)
    assert wait is not None
    assert 880 <= wait <= 900  # now the second one counts


async def test_a_limit_that_was_lowered(database: Database) -> None:
    for _ in range(10):
        assert await refused(RateLimiter(database)) is None
        await age(database, 5)  # 50, 45, … 5 s old
    wait = await refused(RateLimiter(database), limit=Limit("test", 3))
    assert wait is not None
    assert 40 <= wait <= 45  # the third of the youngest, 15 s old, must leave the window


async def test_a_flood_does_not_reach_the_database(database: Database) -> None:
    now = [0.0]
    limiter, limit = RateLimiter(database, clock=lambda: now[0]), Limit("test", 1)
    assert await refused(limiter, limit=limit) is None
    first = await refused(limiter, limit=limit)
    assert first is not None
    await execute(database.url, "DELETE FROM edge.rate_limits")
    now[0] += 10
    assert await refused(limiter, limit=limit) == first - 10
    assert await refused(limiter, "b", limit) is None
    now[0] += first
    assert await refused(limiter, limit=limit) is None


async def test_what_is_kept_of_floods_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.edge.limits._MAX_KEPT", 3)
    now = [0.0]
    limiter, limit = RateLimiter(database, clock=lambda: now[0]), Limit("test", 1)
    for caller in "abcde":
        assert await refused(limiter, caller, limit) is None
        assert await refused(limiter, caller, limit) is not None
        assert len(limiter._refused) <= 3
    now[0] += 100
    await refused(limiter, "e", limit)
    assert list(limiter._refused) == ["test:e"]


async def test_the_sweep_removes_what_is_stale_and_nothing_else(database: Database, other: Database) -> None:
    for caller in "abc":
        await refused(RateLimiter(database), caller)
    await age(database, 30, "test:a")
    await age(database, 61, "test:b")
    await asyncio.gather(RateLimiter(database).sweep(), RateLimiter(other).sweep())
    rows = await execute(database.url, "SELECT key FROM edge.rate_limits ORDER BY key")
    assert [row["key"] for row in rows] == ["test:a", "test:c"]


async def test_switched_off_nobody_is_counted(database: Database) -> None:
    for _ in range(100):
        assert await refused(Unlimited()) is None
    assert await execute(database.url, "SELECT 1 FROM edge.rate_limits") == []


async def test_a_lost_database_is_unavailable_and_found_again(postgres: Postgres, database: Database) -> None:
    limiter = RateLimiter(database)
    assert await refused(limiter) is None
    postgres.stop()
    try:
        with pytest.raises(UnavailableError):
            await limiter.take("a", LIMIT)
        with pytest.raises(UnavailableError):
            await limiter.sweep()
    finally:
        await postgres.start_again()
    for _ in range(20):
        try:
            await limiter.take("a", LIMIT)
        except UnavailableError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the database was not found again")


async def test_a_database_that_hangs_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.edge.limits._PATIENCE", 0.2)
    limiter = RateLimiter(database)
    await refused(limiter)
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("LOCK TABLE edge.rate_limits")
        with pytest.raises(UnavailableError):
            await limiter.take("a", LIMIT)
    assert await refused(limiter) is None
