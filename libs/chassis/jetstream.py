"""Streams and consumers as declared, made or mended before anything is consumed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, KeyValueConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError
from nats.js.kv import KeyValue

from libs.chassis.telemetry import CONSUMER_PENDING, STREAM_BYTES, STREAM_MESSAGES
from libs.contracts.errors import UnavailableError
from libs.contracts.streams import STREAMS, Retention, Stream

log = logging.getLogger(__name__)

_RETENTION = {
    Retention.WORK_QUEUE: RetentionPolicy.WORK_QUEUE,
    Retention.LIMITS: RetentionPolicy.LIMITS,
}
_TRIES = 60
_PAUSE = 0.5
_SOON = 10.0
"""Seconds for which a running service waits for a stream that is gone."""
_EXISTS_OTHERWISE = 10058
"""The server's code for a stream that is there, but not as asked for."""


class _NotYetError(Exception):
    """The keeper has not made a stream yet, or not brought it up to date."""


async def ensure_streams(js: JetStreamContext, *, keeper: bool, replicas: int = 1) -> None:
    """Have every stream of the contracts there. The `keeper` makes and updates them, each kept by so many
    servers; others wait for it as long as it takes. JetStream may need a moment after a start."""
    for stream in STREAMS:
        if keeper:
            await _retrying(stream.name, partial(_ensure, js, stream, replicas))
        else:
            await _awaited(js, stream)


async def _awaited(js: JetStreamContext, stream: Stream) -> None:
    told = False
    while True:
        try:
            return await _retrying(stream.name, partial(_look, js, stream))
        except _NotYetError as error:
            if not told:
                log.info("stream awaited", extra={"stream": stream.name, "reason": str(error)})
            told = True
            await asyncio.sleep(_PAUSE)


async def _look(js: JetStreamContext, stream: Stream) -> None:
    try:
        known = (await js.stream_info(stream.name)).config
    except NotFoundError as error:
        raise _NotYetError("It is not there.") from error
    if missing := set(stream.subjects) - set(known.subjects or ()):
        raise _NotYetError(f"It does not hold {', '.join(sorted(missing))}.")


async def _retrying(name: str, step: Callable[[], Awaitable[Any]]) -> None:
    """Take `step` until the server can: one that has just started cannot, nor can a cluster that chooses a
    leader or is just making a stream's replicas."""
    for left in reversed(range(_TRIES)):
        try:
            await step()
        except (NatsTimeoutError, ServiceUnavailableError):
            if not left:
                raise
            log.info("jetstream not ready", extra={"stream": name})
            await asyncio.sleep(_PAUSE)
        else:
            return


async def _ensure(js: JetStreamContext, stream: Stream, replicas: int) -> None:
    config = StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=_RETENTION[stream.retention],
        storage=StorageType.FILE,
        max_age=stream.max_age_s,
        duplicate_window=stream.duplicate_window_s,
        num_replicas=replicas,
    )
    try:
        info = await js.stream_info(stream.name)
    except NotFoundError:
        try:
            await js.add_stream(config)
        except APIError as error:
            if error.err_code != _EXISTS_OTHERWISE:  # another replica was faster
                raise
        return
    await _amend(js, info.config, config)


async def _amend(js: JetStreamContext, known: StreamConfig, wanted: StreamConfig) -> None:
    """Change what may change of a stream that is there."""
    declared = replace(
        known,
        subjects=wanted.subjects,
        max_age=wanted.max_age,
        duplicate_window=wanted.duplicate_window,
        num_replicas=wanted.num_replicas,
    )
    if declared != known:
        await js.update_stream(declared)


async def measure_streams(js: JetStreamContext) -> None:
    """Tell how much is in every stream. Raises what JetStream raises."""
    for stream in STREAMS:
        state = (await js.stream_info(stream.name)).state
        STREAM_MESSAGES.labels(stream.name).set(state.messages)
        STREAM_BYTES.labels(stream.name).set(state.bytes)


async def ensure_bucket(js: JetStreamContext, name: str, *, ttl: float, replicas: int = 1) -> KeyValue:
    """The key-value bucket `name`, made or brought up to date. Entries vanish after `ttl` seconds."""
    config = KeyValueConfig(bucket=name, ttl=ttl, storage=StorageType.FILE, replicas=replicas)
    try:
        return await js.create_key_value(config)
    except APIError as error:
        if error.err_code != _EXISTS_OTHERWISE:
            raise
    known = (await js.stream_info(f"KV_{name}")).config
    window = min(ttl, known.duplicate_window or ttl)
    await _amend(js, known, replace(known, max_age=ttl, duplicate_window=window, num_replicas=replicas))
    return await js.key_value(name)


async def restore_streams(js: JetStreamContext, *, keeper: bool, replicas: int = 1) -> None:
    """As the `keeper`, make those again that are gone, as when the server lost its store; others wait for a
    while. What is there stays as it is: a newer version may have made it so. Raises `UnavailableError`."""
    for stream in STREAMS:
        try:
            await js.stream_info(stream.name)
        except NotFoundError as error:
            if keeper:
                log.warning("stream restored", extra={"stream": stream.name})
                await _ensure(js, stream, replicas)
            else:
                await _soon(js, stream, error)
        except (NatsError, APIError) as error:
            raise UnavailableError("The message bus does not answer.") from error


async def _soon(js: JetStreamContext, stream: Stream, gone: NotFoundError) -> None:
    """The keeper has heard of the same loss and may be a moment behind."""
    try:
        async with asyncio.timeout(_SOON):
            await _awaited(js, stream)
    except TimeoutError:
        raise UnavailableError(f"The stream {stream.name} is not there.") from gone


async def restore_consumers(js: JetStreamContext, consumers: Iterable[tuple[str, ConsumerConfig]]) -> None:
    """Make those again that are gone: a pull from a missing consumer just stays empty. The server forgets
    the consumer of a follower that was away for long, asleep for instance. Raises `UnavailableError`."""
    for stream, config in consumers:
        try:
            info = await js.consumer_info(stream, config.durable_name or "")
        except NotFoundError:
            log.warning("consumer restored", extra={"consumer": config.durable_name})
            await ensure_consumer(js, stream, config)
        except (NatsError, APIError) as error:
            raise UnavailableError("The message bus does not answer.") from error
        else:
            CONSUMER_PENDING.labels(config.durable_name).set(info.num_pending or 0)


async def ensure_consumer(js: JetStreamContext, stream: str, config: ConsumerConfig) -> None:
    """Create the durable consumer or bring an existing one up to date."""
    await _retrying(stream, partial(js.add_consumer, stream, config))
