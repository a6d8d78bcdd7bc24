"""Two things at once, of which neither is of use without the other."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import anyio

A = TypeVar("A")
B = TypeVar("B")


async def together(one: Awaitable[A], other: Awaitable[B]) -> tuple[A, B]:
    """The results of both. When one fails the other is cancelled, and the failure is raised as it is."""
    found: list[A] = []

    async def first() -> None:
        found.append(await one)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(first)
            second = await other
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return found[0], second
