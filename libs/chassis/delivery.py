"""At-least-once delivery from JetStream, decided in one place: acknowledge, retry, return or bury.

- Returned normally: acknowledged.
- `ReelbusError` that no retry mends, or bytes that do not decode: dead letter at once.
- `UnavailableError`: retried with back-off until the server's `max_deliver` is near.
- Anything else: retried with back-off, `max_attempts` deliveries in all, then dead letter.
- The process stops: the message goes back at once, untouched.
- The process dies: the server delivers again after `ack_wait`; past `max_deliver` its advisory is
  turned into a dead letter (`libs.chassis.advisories`).

While a handler works, a heartbeat tells the server so every third of `ack_wait`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from faststream.nats import NatsMessage

from libs.chassis.telemetry import DELIVERIES_TOTAL
from libs.contracts.errors import InternalError, ReelbusError, UnavailableError

log = logging.getLogger(__name__)

_OUTCOMES = ("acked", "retried", "returned", "dead_lettered")
REPLAYED = "Reelbus-Replayed"
"""Header of a message that an operator sent again from the dead letters."""


@dataclass(frozen=True)
class Policy:
    """How a consumer's messages are retried; seconds and counts as in `BusSettings`.

    `return_on_stop`: interrupt the handler when the process stops, instead of letting it finish.
    """

    consumer: str
    stream: str
    ack_wait: float
    max_attempts: int
    max_deliver: int
    backoff_base: float
    backoff_cap: float
    return_on_stop: bool = False


@dataclass(frozen=True)
class Delivery:
    """Which delivery of which stored message this is; `attempt` counts from 1."""

    stream: str
    sequence: int
    attempt: int
    replayed: bool


@dataclass(frozen=True)
class DeadLetter:
    """A message that will not be delivered again, and why."""

    subject: str
    stream: str
    consumer: str
    sequence: int
    attempts: int
    code: str
    reason: str
    body: bytes
    headers: dict[str, str]


Handler = Callable[[Any, Delivery], Awaitable[None]]
Decode = Callable[[str, bytes], Any]
"""From subject and body to what the handler takes. Raises `InvalidInputError`."""
Bury = Callable[[DeadLetter], Awaitable[None]]
Exhausted = Callable[[DeadLetter, ReelbusError], Awaitable[None]]
"""Hears of a message that is about to be buried, and the error as users may see it."""


def backoff(attempt: int, base: float, cap: float, jitter: float) -> float:
    """Seconds to wait after the `attempt`-th delivery failed: doubling from `base`, at most `cap`, of
    which `jitter` (0…1) takes up to half away, so that retries of a herd spread out."""
    return float(min(cap, base * 2 ** min(attempt - 1, 30)) * (1 - jitter / 2))


def exhausted(error: ReelbusError | None, attempt: int, policy: Policy) -> bool:
    """Whether the message is not to be tried again after `attempt` deliveries; `error` is `None` for an
    exception that nobody named."""
    if error is not None and not error.retryable:
        return True
    limit = policy.max_deliver - 1  # later the server gives up, and nobody would know why
    if not isinstance(error, UnavailableError):
        limit = min(limit, policy.max_attempts)
    return attempt >= limit


class Receiver:
    """Runs one consumer's handler under its policy.

    `on_exhausted` runs before a message is buried; if it fails, the message is retried instead.
    """

    def __init__(
        self,
        decode: Decode,
        handler: Handler,
        policy: Policy,
        bury: Bury,
        on_exhausted: Exhausted | None = None,
    ) -> None:
        self._decode = decode
        self._handler = handler
        self._policy = policy
        self._bury = bury
        self._on_exhausted = on_exhausted
        self._scopes: set[anyio.CancelScope] = set()
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._released = asyncio.Event()
        for outcome in _OUTCOMES:
            DELIVERIES_TOTAL.labels(policy.consumer, outcome)

    async def stop(self) -> None:
        """Take no more messages; interrupt what is in work if the policy says so, else let it finish. What
        is to be returned is held until `release`."""
        self._stopping = True
        if self._policy.return_on_stop:
            for scope in self._scopes:
                scope.cancel()
        await self._idle.wait()

    def release(self) -> None:
        """Return what is held. Nothing may be pulled here any more: a message that comes straight back
        counts as delivered, and soon as one that kills its workers."""
        self._released.set()

    async def __call__(self, message: NatsMessage) -> None:
        if not self._stopping and await self._finished(message):
            return
        try:
            await self._released.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await self._settle("returned", message.nack())

    async def _finished(self, message: NatsMessage) -> bool:
        """Handle and settle a message; false when `stop` interrupted that."""
        scope = anyio.CancelScope()
        self._scopes.add(scope)
        self._idle.clear()
        try:
            with scope:
                async with _heartbeat(message, self._policy.ack_wait / 3):
                    await self._handle(message)
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                await self._settle("returned", message.nack())
            raise
        finally:
            self._scopes.discard(scope)
            if not self._scopes:
                self._idle.set()
        return not scope.cancelled_caught

    async def _handle(self, message: NatsMessage) -> None:
        raw = message.raw_message
        meta = raw.metadata
        delivery = Delivery(
            meta.stream, meta.sequence.stream, meta.num_delivered or 1, REPLAYED in message.headers
        )
        try:
            await self._handler(self._decode(raw.subject, raw.data), delivery)
        except Exception as error:  # every failure ends in a retry or in a dead letter, both logged
            await self._failed(message, delivery, error)
        else:
            await self._settle("acked", message.ack())

    async def _failed(self, message: NatsMessage, delivery: Delivery, error: Exception) -> None:
        policy = self._policy
        named = error if isinstance(error, ReelbusError) else None
        fields = {"consumer": policy.consumer, "attempt": delivery.attempt, "sequence": delivery.sequence}
        log.warning("delivery failed", extra=fields, exc_info=error)
        if exhausted(named, delivery.attempt, policy):
            reason = named.message if named else f"{type(error).__name__}: {error}"
            shown = named or InternalError("Something went wrong on the server.")
            letter = _letter(message, policy, delivery, named, reason)
            try:
                if self._on_exhausted:
                    await self._on_exhausted(letter, shown)
                await self._bury(letter)
            except Exception:  # the bus itself fails: keep the message for later
                log.exception("dead letter failed", extra=fields)
            else:
                await self._settle("dead_lettered", message.reject())
                return
        jitter = random.random()  # noqa: S311  (no secret)
        delay = backoff(delivery.attempt, policy.backoff_base, policy.backoff_cap, jitter)
        await self._settle("retried", message.nack(delay=delay))

    async def _settle(self, outcome: str, answer: Awaitable[None]) -> None:
        DELIVERIES_TOTAL.labels(self._policy.consumer, outcome).inc()
        try:
            await answer
        except Exception as error:  # the server will deliver again after `ack_wait`
            log.warning("acknowledgement failed", extra={"outcome": outcome, "error": str(error)})


def _letter(
    message: NatsMessage, policy: Policy, delivery: Delivery, named: ReelbusError | None, reason: str
) -> DeadLetter:
    return DeadLetter(
        subject=message.raw_message.subject,
        stream=delivery.stream,
        consumer=policy.consumer,
        sequence=delivery.sequence,
        attempts=delivery.attempt,
        code=named.code if named else "unhandled",
        reason=reason,
        body=message.raw_message.data,
        headers=dict(message.headers),
    )


@asynccontextmanager
async def _heartbeat(message: NatsMessage, every: float) -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            await asyncio.sleep(every)
            try:
                await message.in_progress()
            except Exception as error:  # a missed beat is made up by the next one
                log.warning("heartbeat failed", extra={"error": str(error)})

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
