"""The crash net: a message that was delivered `max_deliver` times without an answer (its handler killed
the process each time) stays in its stream. The server says so once, in an advisory; this consumes the
advisory and makes a dead letter of the message."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec
from nats.js.errors import NotFoundError as NoMessageError

from libs.chassis.bus import Bus
from libs.chassis.deadletters import bury
from libs.chassis.delivery import DeadLetter, Delivery
from libs.contracts.errors import ReelbusError
from libs.contracts.streams import ADVISORIES, TASKS

log = logging.getLogger(__name__)

CRASHED = "crashed"
"""The code of what killed everybody who took it."""


class MaxDeliveries(msgspec.Struct, frozen=True):
    """The server's advisory (type `io.nats.jetstream.advisory.v1.max_deliver`)."""

    stream: str
    consumer: str
    stream_seq: int
    deliveries: int


Lost = Callable[[DeadLetter], Awaitable[None]]


def consume_advisories(bus: Bus, lost: Lost) -> None:
    """Bury what the server gave up on; `lost` hears of it first, and may refuse what means nothing to it."""

    async def on_advisory(advisory: MaxDeliveries, _: Delivery) -> None:
        js = bus.jetstream
        try:
            raw = await js.get_msg(advisory.stream, seq=advisory.stream_seq)
        except NoMessageError:
            return
        letter = DeadLetter(
            subject=raw.subject or "",
            stream=advisory.stream,
            consumer=advisory.consumer,
            sequence=advisory.stream_seq,
            attempts=advisory.deliveries,
            code=CRASHED,
            reason="Every worker that took this died before it could answer.",
            body=raw.data or b"",
            headers=raw.headers or {},
        )
        log.error("message given up", extra={"stream": letter.stream, "sequence": letter.sequence})
        try:
            await lost(letter)
        except ReelbusError as error:
            if error.retryable:
                raise
            log.warning("lost message is nobody's", extra={"error": error.message})
        await bury(js, letter)
        if advisory.stream == TASKS.name:
            await js.delete_msg(advisory.stream, advisory.stream_seq)

    bus.consume_raw(ADVISORIES, MaxDeliveries, on_advisory)
