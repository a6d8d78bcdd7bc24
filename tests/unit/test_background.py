"""Work beside the messages: it survives failures, and ends when it is told to."""

from __future__ import annotations

import asyncio

import pytest

from libs.chassis.background import repeating
from libs.contracts.errors import UnavailableError

pytestmark = pytest.mark.anyio


async def test_steps_follow_each_other_while_the_block_runs() -> None:
    steps = 0
    enough = asyncio.Event()

    async def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            enough.set()

    async with asyncio.timeout(10), repeating("test", step):
        await enough.wait()
    before = steps
    await asyncio.sleep(0.01)
    assert steps == before


@pytest.mark.parametrize("error", [UnavailableError("away"), RuntimeError("defect")])
async def test_no_failure_ends_it(error: Exception) -> None:
    steps = 0
    again = asyncio.Event()

    async def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            again.set()
        raise error

    async with asyncio.timeout(10), repeating("test", step, retry=0.0):
        await again.wait()


async def test_a_step_in_work_is_interrupted_at_the_end() -> None:
    begun = asyncio.Event()
    interrupted = False

    async def step() -> None:
        nonlocal interrupted
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            interrupted = True
            raise

    async with asyncio.timeout(10), repeating("test", step):
        await begun.wait()
    assert interrupted


async def test_a_swallowed_cancellation_does_not_keep_it_alive() -> None:
    """As `asyncio.wait_for` of Python 3.11 does when its result comes at the same moment."""
    begun = asyncio.Event()

    async def step() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async with asyncio.timeout(10):
        async with repeating("test", step, pause=1000.0):
            await begun.wait()


async def test_the_error_of_the_block_comes_through() -> None:
    async def step() -> None:
        await asyncio.Event().wait()

    async def failing() -> None:
        async with repeating("test", step):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
