"""A few at once, a few waiting, nobody else."""

from __future__ import annotations

import asyncio
from asyncio import Event

import pytest

from libs.contracts.errors import UnavailableError
from services.sessions.thumbnails import Slots

pytestmark = pytest.mark.anyio


async def hold(slots: Slots, until: Event, order: list[int], number: int) -> None:
    async with slots.taken():
        order.append(number)
        await until.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_finds_no_room_to_wait_is_turned_away_and_the_rest_go_in_order() -> None:
    slots, until, order = Slots(2, 2), Event(), list[int]()
    held = [asyncio.create_task(hold(slots, until, order, number)) for number in range(4)]
    await settle()
    assert order == [0, 1]
    with pytest.raises(UnavailableError):
        await hold(slots, until, order, 9)
    until.set()
    await asyncio.gather(*held)
    assert order == [0, 1, 2, 3]


async def test_who_gives_up_makes_room() -> None:
    slots, until, order = Slots(1, 1), Event(), list[int]()
    first, second = (asyncio.create_task(hold(slots, until, order, number)) for number in range(2))
    await settle()
    second.cancel()
    await settle()
    third = asyncio.create_task(hold(slots, until, order, 2))
    await settle()
    first.cancel()
    until.set()
    await third
    assert order == [0, 2]


async def test_without_a_queue_one_works_at_a_time() -> None:
    slots, until, order = Slots(1, 0), Event(), list[int]()
    until.set()
    await hold(slots, until, order, 0)
    await hold(slots, until, order, 1)
    assert order == [0, 1]
