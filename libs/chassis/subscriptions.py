"""Subscriptions of FastStream and nats-py: how they are known to the server, and how they end."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import nats.errors
from nats.aio.client import Client

log = logging.getLogger(__name__)

_ANSWERED_WITHIN = 10.0
_LOOK = 0.02
_STRAGGLING = 0.2
"""Seconds in which the server may still hand over what it had meant for us when it heard that we leave: a
call that comes after the answer to a flush would be dropped."""


async def flush(client: Client) -> None:
    """Wait until the server has read all that `client` has sent, subscriptions too. Raises `TimeoutError`."""
    for _ in range(2):  # the PING of nats-py overtakes what it has yet to write; a second one comes after it
        await client.flush()


async def stop_pulling(lane: Any) -> None:
    """Withdraw what this FastStream subscriber has asked the server for; its handlers go on."""
    lane.running = False
    subscription, lane.subscription = lane.subscription, None
    if subscription is not None:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()


class Calls:
    """The calls that a FastStream subscriber gets, and how many of them were `handled`."""

    def __init__(self, subscriber: Any) -> None:
        self.handled = 0
        self._subscriber = subscriber

    async def stop(self) -> None:
        """Have the server send calls elsewhere, and answer those that were sent here. FastStream alone would
        drop what comes between the moment in which it stops and the one in which the server hears of it, and
        callers would wait for nothing."""
        subscription, self._subscriber.subscription = self._subscriber.subscription, None
        if subscription is None:
            return
        try:
            async with asyncio.timeout(_ANSWERED_WITHIN):
                await subscription._conn._send_unsubscribe(subscription._id)
                await asyncio.sleep(_STRAGGLING)
                await subscription.drain()
                while not self._answered(subscription):
                    await asyncio.sleep(_LOOK)
        except (nats.errors.Error, TimeoutError) as error:
            log.warning("calls not answered", extra={"subject": subscription.subject, "error": repr(error)})

    def _answered(self, subscription: Any) -> bool:
        """Counted, since a call that has left a queue and not yet begun is nowhere to be seen; the lock is
        held until a reply is on its way."""
        return bool(self.handled >= subscription.delivered and self._subscriber.lock.empty)
