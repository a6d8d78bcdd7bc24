"""NATS for services: events and tasks on JetStream, signals and calls on core NATS, all typed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

import nats.errors
import nats.js.errors
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.nats.opentelemetry import NatsTelemetryMiddleware
from faststream.nats.prometheus import NatsPrometheusMiddleware
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy as JsAck
from nats.js.api import ConsumerConfig, DeliverPolicy

from libs.chassis import rpc
from libs.chassis.background import repeating
from libs.chassis.codec import RawCodec, decode, encode
from libs.chassis.deadletters import bury
from libs.chassis.delivery import DeadLetter, Decode, Delivery, Exhausted, Handler, Policy, Receiver
from libs.chassis.health import Health
from libs.chassis.jetstream import ensure_consumer, ensure_streams, restore_consumers, restore_streams
from libs.chassis.settings import BusSettings
from libs.chassis.subscriptions import Calls, flush, stop_pulling
from libs.chassis.telemetry import registry
from libs.contracts.base import Event, Message, Method, Signal
from libs.contracts.errors import UnavailableError
from libs.contracts.streams import (
    EVENTS,
    KEEPER,
    TASKS,
    Stream,
    event_consumer,
    inbox,
    service_tasks,
    stream_consumer,
)

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)

_PUBLISH_TIMEOUT = 5.0
_RPC_WORKERS = 64
_PULL = 5.0
_CARE = 15.0
"""Seconds between looks at whether the consumers are still there."""


class Bus:
    """One connection to NATS. Register handlers, then `start()`; `stop()` returns what is in work."""

    def __init__(self, service: str, settings: BusSettings) -> None:
        self.service = service
        self._keeper = service == KEEPER
        self.settings = settings
        self._receivers: list[Receiver] = []
        self._lanes: list[Any] = []
        self._answering: list[Calls] = []
        self._consumers: list[tuple[str, ConsumerConfig]] = []
        self._reconnected = asyncio.Event()
        self._ending = False
        self._given_up: Callable[[str], None] = lambda _: None
        self._broker = NatsBroker(
            settings.nats_url.get_secret_value(),
            name=service,
            inbox_prefix=inbox(service),
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            drain_timeout=3,
            graceful_timeout=10,
            codec=RawCodec(),
            apply_types=False,
            logger=None,
            middlewares=[
                NatsTelemetryMiddleware(),
                NatsPrometheusMiddleware(registry=registry(), app_name=service, metrics_prefix="reelbus_bus"),
            ],
            error_cb=_log_error,
            disconnected_cb=_logged("bus disconnected"),
            reconnected_cb=self._on_reconnected,
            closed_cb=self._on_closed,
        )

    # --- life -------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect, waiting for the server as long as it takes."""
        await self._broker.connect()

    def report_to(self, health: Health) -> None:
        """Have `health` ask whether the server answers. nats-py never connects again after a refusal (its
        user was removed or has another password): then only a new process helps, which reads its secrets."""
        health.require("bus", self.check)
        self._given_up = health.give_up

    async def start(self) -> None:
        """Make sure of streams and consumers, then take messages; the server knows of it at the return."""
        await ensure_streams(self.jetstream, keeper=self._keeper, replicas=self.settings.stream_replicas)
        for stream, config in self._consumers:
            await ensure_consumer(self.jetstream, stream, config)
        await self._broker.start()
        await flush(self._client)

    async def care(self) -> None:
        """Make consumers, and as their keeper streams, again that are gone. Raises `UnavailableError`."""
        await restore_streams(self.jetstream, keeper=self._keeper, replicas=self.settings.stream_replicas)
        await restore_consumers(self.jetstream, self._consumers)

    async def care_in_time(self) -> None:
        """`care` when the connection is there again, who knows to what, and now and then."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CARE):
                await self._reconnected.wait()
        self._reconnected.clear()
        await self.care()

    async def stop(self) -> None:
        """Answer the calls that came, settle what is in work (see `delivery`) and disconnect."""
        self._ending = True
        await asyncio.gather(
            *(receiver.stop() for receiver in self._receivers),
            *(calls.stop() for calls in self._answering),
        )
        for lane in self._lanes:
            await stop_pulling(lane)
        for receiver in self._receivers:
            receiver.release()
        try:
            await self._broker.stop()
        except (nats.errors.Error, TimeoutError) as error:
            log.warning("bus did not drain", extra={"error": str(error)})

    async def made_at(self, stream: Stream) -> datetime:
        """Since when the stream is there. Raises `UnavailableError`."""
        try:
            made = (await self.jetstream.stream_info(stream.name)).created
        except (nats.errors.Error, nats.js.errors.Error) as error:
            raise UnavailableError("The message bus does not answer.") from error
        assert made is not None
        return made

    async def check(self) -> None:
        """Raise unless the server answers."""
        await self._client.flush(timeout=2)

    async def _on_reconnected(self) -> None:
        log.warning("bus reconnected")
        self._reconnected.set()

    async def _on_closed(self) -> None:
        if not self._ending:
            self._given_up("NATS closed the connection for good")

    @property
    def _client(self) -> Client:
        client: Client = self._broker.config.connection_state.connection
        return client

    @property
    def jetstream(self) -> JetStreamContext:
        """The JetStream context, for the few that manage streams and letters."""
        context: JetStreamContext = self._broker.config.connection_state.stream
        return context

    # --- sending ----------------------------------------------------------------------------------

    async def publish(self, event: Event[M], message: M, *, message_id: str) -> None:
        """Publish an event and wait until it is stored; the same `message_id` is stored once.
        Raises `UnavailableError`."""
        headers = {"Nats-Msg-Id": message_id}
        try:
            await self._broker.publish(
                encode(message), event.subject, headers, stream=EVENTS.name, timeout=_PUBLISH_TIMEOUT
            )
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            raise UnavailableError("The message bus does not answer.") from error

    async def signal(self, signal: Signal[M], message: M) -> None:
        """Send a disposable message; nothing is raised when the bus is down."""
        try:
            await self._client.publish(signal.subject, encode(message))
        except (nats.errors.Error, OSError) as error:
            log.debug("signal lost", extra={"subject": signal.subject, "error": str(error)})

    async def call(self, method: Method[Any], request: Message) -> Any:
        """The `Ok` value of a remote call. Raises the named error that the other side answered, or
        `UnavailableError` when nobody answers."""
        return await rpc.call(self._broker, method, request)

    # --- receiving --------------------------------------------------------------------------------

    def serve(self, method: Method[M], handler: Callable[[M], Awaitable[Any]]) -> None:
        """Answer calls of `method`; replicas share them."""
        answer = rpc.answering(method, handler)
        subscriber = self._broker.subscriber(
            method.subject, queue=self.service, max_workers=_RPC_WORKERS, title=method.subject
        )
        calls = Calls(subscriber)

        async def counted(message: NatsMessage) -> bytes:
            try:
                return await answer(message)
            finally:
                calls.handled += 1

        subscriber(counted)
        self._answering.append(calls)

    def listen(
        self, signal: Signal[M], handler: Callable[[M], Awaitable[None]], *, shared: bool = False
    ) -> None:
        """Follow a signal: every replica hears it, or, when `shared`, one of them."""

        async def on_signal(message: NatsMessage) -> None:
            await handler(decode(message.body, signal.type))

        queue = self.service if shared else ""
        self._broker.subscriber(signal.subject, queue=queue, title=signal.subject)(on_signal)

    def consume(self, event: Event[M], handler: Handler, *, lanes: int = 1) -> None:
        """Handle every event once for the service as a whole, `lanes` at a time in this process."""
        consumer = event_consumer(self.service, event.name, event.version)
        self._receive(EVENTS.name, [event.subject], consumer, _as(event.type), handler, lanes=lanes)

    def consume_raw(self, stream: Stream, kind: type[Any], handler: Handler) -> None:
        """Handle every message of `stream` once for the service as a whole, whoever wrote it."""
        consumer = stream_consumer(self.service, stream.name)
        self._receive(stream.name, list(stream.subjects), consumer, _as(kind), handler)

    def follow(
        self,
        handlers: Mapping[Event[Any], Callable[[Any], Awaitable[None]]],
        *,
        instance: str,
    ) -> None:
        """Handle every event of these kinds in this process, in the order of the stream, from now on. The
        server forgets the consumer five minutes after the process is gone."""
        by_subject = {event.subject: (event, handler) for event, handler in handlers.items()}

        def decoding(subject: str, body: bytes) -> Any:
            event, handler = by_subject[subject]
            return handler, decode(body, event.type)

        async def on_event(pair: Any, _: Delivery) -> None:
            handler, message = pair
            await handler(message)

        self._receive(
            EVENTS.name,
            list(by_subject),
            f"{self.service}-{instance}",
            decoding,
            on_event,
            deliver=DeliverPolicy.NEW,
            inactive_threshold=300.0,
        )

    def work(
        self, service: str, kind: type[M], handler: Handler, exhausted: Exhausted, *, lanes: int
    ) -> None:
        """Take tasks of `service` from the work queue, `lanes` at a time; returned on stop."""
        self._receive(
            TASKS.name,
            [service_tasks(service)],
            service,
            _as(kind),
            handler,
            lanes=lanes,
            return_on_stop=True,
            on_exhausted=exhausted,
        )

    def _receive(
        self,
        stream: str,
        subjects: list[str],
        consumer: str,
        decoding: Decode,
        handler: Handler,
        *,
        lanes: int = 1,
        deliver: DeliverPolicy = DeliverPolicy.ALL,
        inactive_threshold: float | None = None,
        return_on_stop: bool = False,
        on_exhausted: Exhausted | None = None,
    ) -> None:
        policy = self._policy(stream, consumer, return_on_stop)
        receiver = Receiver(decoding, handler, policy, self._bury, on_exhausted)
        self._receivers.append(receiver)
        config = ConsumerConfig(
            name=consumer,
            durable_name=consumer,
            ack_policy=JsAck.EXPLICIT,
            ack_wait=policy.ack_wait,
            max_deliver=policy.max_deliver,
            deliver_policy=deliver,
            inactive_threshold=inactive_threshold,
            filter_subject=subjects[0] if len(subjects) == 1 else None,
            filter_subjects=subjects if len(subjects) > 1 else None,
        )
        self._consumers.append((stream, config))
        for lane in range(lanes):
            subscriber = self._broker.subscriber(
                subjects[0],
                stream=JStream(stream, declare=False),
                durable=consumer,
                pull_sub=PullSub(batch_size=1, timeout=_PULL),
                inbox_prefix=f"{inbox(self.service)}.".encode(),
                ack_policy=AckPolicy.MANUAL,
                title=f"{consumer}-{lane}",
            )
            subscriber(receiver.__call__)
            self._lanes.append(subscriber)

    def _policy(self, stream: str, consumer: str, return_on_stop: bool) -> Policy:
        settings = self.settings
        return Policy(
            consumer=consumer,
            stream=stream,
            ack_wait=settings.ack_wait,
            max_attempts=settings.max_attempts,
            max_deliver=settings.max_deliver,
            backoff_base=settings.backoff_base,
            backoff_cap=settings.backoff_cap,
            return_on_stop=return_on_stop,
        )

    async def _bury(self, letter: DeadLetter) -> None:
        await bury(self.jetstream, letter)


@asynccontextmanager
async def started(bus: Bus) -> AsyncIterator[Bus]:
    """Start a connected bus and stop it at the end."""
    try:
        await bus.start()
        async with repeating("consumers", bus.care_in_time):
            yield bus
    finally:
        await bus.stop()


def _as(kind: Any) -> Decode:
    return lambda _, body: decode(body, kind)


async def _log_error(error: Exception) -> None:
    log.warning("bus error", extra={"error": str(error) or type(error).__name__})


def _logged(text: str) -> Callable[[], Awaitable[None]]:
    async def callback() -> None:
        log.warning(text)

    return callback


def new_instance() -> str:
    """A name for this process among its replicas that no earlier process had."""
    return uuid4().hex[:12]
