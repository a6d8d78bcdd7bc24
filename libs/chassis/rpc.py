"""Calls over NATS request/reply. A reply is `Ok` or `RpcError`; an error never shows as a time-out."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, TypeVar

import nats.errors
from faststream.nats import NatsBroker, NatsMessage

from libs.chassis.codec import decode, encode
from libs.chassis.telemetry import RPC_SECONDS
from libs.contracts.base import Message, Method
from libs.contracts.errors import InternalError, InvalidInputError, ReelbusError, UnavailableError, error_of
from libs.contracts.rpc import Ok, RpcError, reply_type

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)

_MAX_REPLY = 1_000_000
"""Bytes of a reply at most: NATS takes 1 MiB by default, headers included."""


@cache
def _reply_type(method: Method[Any]) -> Any:
    return reply_type(method)


async def call(broker: NatsBroker, method: Method[Any], request: Message) -> Any:
    """Call `method`; see `Bus.call`."""
    service = method.subject.split(".")[1]
    try:
        answer = await broker.request(encode(request), method.subject, timeout=method.timeout)
    except nats.errors.NoRespondersError as error:
        raise UnavailableError(f"The {service} service is not running.", service=service) from error
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise UnavailableError(f"The {service} service does not answer.", service=service) from error
    try:
        reply = decode(answer.body, _reply_type(method))
    except InvalidInputError as error:  # theirs, not our caller's: versions that do not fit
        raise InternalError(f"The {service} service gave an answer that makes no sense.") from error
    if isinstance(reply, RpcError):
        raise error_of(reply.code, reply.message, reply.details)
    return reply.value


def answering(
    method: Method[M], handler: Callable[[M], Awaitable[Any]]
) -> Callable[[NatsMessage], Awaitable[bytes]]:
    """A subscriber that decodes a request strictly, runs `handler` and encodes its reply or error."""

    async def answer(message: NatsMessage) -> bytes:
        started = time.perf_counter()
        code = "ok"
        try:
            try:
                reply = encode(Ok(value=await handler(decode(message.body, method.request))))
                if len(reply) > _MAX_REPLY:
                    raise InternalError("The answer is too large.")
            except ReelbusError as error:
                code = error.code
                reply = encode(_as_reply(error))
        except Exception:  # a caller must get an answer, whatever broke here
            log.exception("call failed", extra={"method": method.subject})
            code = InternalError.code
            reply = encode(_as_reply(InternalError("Something went wrong on the server.")))
        RPC_SECONDS.labels(method.subject, code).observe(time.perf_counter() - started)
        return reply

    return answer


def _as_reply(error: ReelbusError) -> RpcError:
    return RpcError(
        code=error.code, message=error.message, retryable=error.retryable, details=dict(error.details)
    )
