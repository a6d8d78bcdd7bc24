"""Work that a service does beside its messages, for as long as it lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from libs.contracts.errors import ReelbusError

log = logging.getLogger(__name__)

_CANCEL_AGAIN = 0.2


@asynccontextmanager
async def repeating(
    name: str, step: Callable[[], Awaitable[None]], *, pause: float = 0.0, retry: float = 0.5
) -> AsyncIterator[None]:
    """Run `step` again and again while the block runs: `pause` seconds after it returned, `retry` seconds
    after it failed. No failure ends it; each is logged."""

    async def forever() -> None:
        while True:
            try:
                await step()
            except ReelbusError as error:  # named: a dependency is away, say
                log.warning("background step failed", extra={"step": name, "error": error.message})
                await asyncio.sleep(retry)
            except Exception:  # a defect; the work must go on all the same
                log.exception("background step crashed", extra={"step": name})
                await asyncio.sleep(retry)
            else:
                await asyncio.sleep(pause)

    task = asyncio.create_task(forever(), name=name)
    try:
        yield
    finally:
        while not task.done():  # in Python 3.11 `asyncio.wait_for` may swallow a cancellation
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_AGAIN)
