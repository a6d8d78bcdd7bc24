"""Streams and consumers as declared, made or mended before anything is consumed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace

from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from libs.contracts.errors import UnavailableError
from libs.contracts.streams import STREAMS, Retention, Stream

log = logging.getLogger(__name__)

_RETENTION = {
    Retention.WORK_QUEUE: RetentionPolicy.WORK_QUEUE,
    Retention.LIMITS: RetentionPolicy.LIMITS,
}
_TRIES = 60


async def ensure_streams(js: JetStreamContext) -> None:
    """Create or update every stream of the contracts. JetStream may need a moment after a start."""
    for stream in STREAMS:
        await _retrying(js, stream)


async def _retrying(js: JetStreamContext, stream: Stream) -> None:
    for left in reversed(range(_TRIES)):
        try:
            await _ensure(js, stream)
        except (NatsTimeoutError, ServiceUnavailableError):
            if not left:
                raise
            log.info("jetstream not ready", extra={"stream": stream.name})
            await asyncio.sleep(0.5)
        else:
            return


async def _ensure(js: JetStreamContext, stream: Stream) -> None:
    config = StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=_RETENTION[stream.retention],
        storage=StorageType.FILE,
        max_age=stream.max_age_s,
        duplicate_window=stream.duplicate_window_s,
    )
    try:
        info = await js.stream_info(stream.name)
    except NotFoundError:
        try:
            await js.add_stream(config)
        except APIError as error:
            if error.err_code != 10058:  # another replica was faster
                raise
        return
    known = info.config
    declared = replace(
        known,
        subjects=config.subjects,
        max_age=config.max_age,
        duplicate_window=config.duplicate_window,
    )
    if declared != known:
        await js.update_stream(declared)


async def restore_streams(js: JetStreamContext) -> None:
    """Make those again that are gone, as when the server lost its store. What is there stays as it is: a
    newer version may have made it so. Raises `UnavailableError`."""
    for stream in STREAMS:
        try:
            await js.stream_info(stream.name)
        except NotFoundError:
            log.warning("stream restored", extra={"stream": stream.name})
            await _ensure(js, stream)
        except (NatsError, APIError) as error:
            raise UnavailableError("The message bus does not answer.") from error


async def restore_consumers(js: JetStreamContext, consumers: Iterable[tuple[str, ConsumerConfig]]) -> None:
    """Make those again that are gone: a pull from a missing consumer just stays empty. The server forgets
    the consumer of a follower that was away for long, asleep for instance. Raises `UnavailableError`."""
    for stream, config in consumers:
        try:
            await js.consumer_info(stream, config.durable_name or "")
        except NotFoundError:
            log.warning("consumer restored", extra={"consumer": config.durable_name})
            await ensure_consumer(js, stream, config)
        except (NatsError, APIError) as error:
            raise UnavailableError("The message bus does not answer.") from error


async def ensure_consumer(js: JetStreamContext, stream: str, config: ConsumerConfig) -> None:
    """Create the durable consumer or bring an existing one up to date."""
    await js.add_consumer(stream, config)
