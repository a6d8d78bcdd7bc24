"""Work on files in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import anyio

T = TypeVar("T")


async def finished(call: Callable[[], T]) -> T:
    """What `call` returns. Cancelled, it is waited for all the same: nothing else may take its files away, or
    its caller's turn, while it works on."""
    work = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(work)
    finally:
        with anyio.CancelScope(shield=True):
            await asyncio.wait([work])
