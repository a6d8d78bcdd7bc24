"""Threads are not left behind."""

from __future__ import annotations

import asyncio
from threading import Event

import anyio
import pytest

from services.sessions.threads import finished

pytestmark = pytest.mark.anyio


async def test_what_it_returns_and_raises() -> None:
    assert await finished(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await finished(lambda: 1 // 0)


@pytest.mark.parametrize("way", ["scope", "task", "time"])
async def test_who_is_cancelled_waits_for_the_thread(way: str) -> None:
    begun, go, ended = Event(), Event(), list[str]()

    def work() -> None:
        begun.set()
        go.wait(10)
        ended.append("thread")

    async def caller() -> None:
        try:
            async with asyncio.timeout(0.05 if way == "time" else None):
                with scope:
                    await finished(work)
        finally:
            ended.append("caller")

    scope = anyio.CancelScope()
    task = asyncio.create_task(caller())
    await asyncio.to_thread(begun.wait, 10)
    if way == "scope":
        scope.cancel()
    elif way == "task":
        task.cancel()
    await asyncio.sleep(0.1)
    assert ended == []
    go.set()
    await asyncio.wait([task])
    assert ended == ["thread", "caller"]
    assert task.cancelled() == (way == "task")
