"""The bytes on the bus, and named errors that cross it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import pytest
from faststream.nats import NatsMessage

from libs.chassis.codec import decode, encode
from libs.chassis.rpc import answering
from libs.contracts import errors
from libs.contracts.errors import InternalError, InvalidInputError, NotFoundError, ReelbusError, error_of
from libs.contracts.rpc import CLAIM_TASK, GET_JOBS, Claim, ClaimTask, GetJobs, RpcError, reply_type
from libs.contracts.tasks import Task, TaskProgress

PROGRESS = TaskProgress(task_id=UUID(int=1), job_id=UUID(int=2), fraction=0.5)
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ReelbusError) and kind is not ReelbusError
]


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(encode(PROGRESS)) | fields).encode()


def test_a_message_survives() -> None:
    assert decode(encode(PROGRESS), TaskProgress) == PROGRESS


def test_fields_of_newer_writers_are_ignored() -> None:
    assert decode(changed(colour="red"), TaskProgress) == PROGRESS


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"task_id":',
        encode(PROGRESS) + b"x",
        changed(fraction="0.5"),
        changed(fraction=None),
        changed(fraction=True),
        changed(task_id=17),
        changed(task_id="17"),
        changed(job_id=None),
        b"[" * 100_000,
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="Not a valid TaskProgress"):
        decode(data, TaskProgress)


def test_an_unknown_kind_of_task_is_refused() -> None:
    body = {"task_id": str(UUID(int=1)), "job_id": str(UUID(int=2)), "owner": "o", "fingerprint": "f"}
    with pytest.raises(InvalidInputError, match="Task"):
        decode(json.dumps(body | {"spec": {"type": "dream"}}).encode(), Task)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_named_error_survives_a_call(kind: type[ReelbusError]) -> None:
    async def fail(_: GetJobs) -> None:
        raise kind("Words – für alle.", path="/a", size=3)

    reply = call(GET_JOBS, fail, GetJobs(owner="o", keys=[]))
    assert isinstance(reply, RpcError)
    error = error_of(reply.code, reply.message, reply.details)
    assert (error.code, error.message, error.details) == (
        kind.code,
        "Words – für alle.",
        {"path": "/a", "size": 3},
    )
    assert error.retryable is reply.retryable
    assert type(error) is kind


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))


def test_an_unknown_code_is_an_internal_error() -> None:
    assert type(error_of("from_the_future", "x")) is InternalError


def test_an_answer_survives() -> None:
    async def claim(request: ClaimTask) -> Claim:
        return Claim(run=request.replayed, reason="because")

    reply = call(CLAIM_TASK, claim, ClaimTask(task_id=UUID(int=1), replayed=True))
    assert reply.value == Claim(run=True, reason="because")


def test_a_crash_is_an_answer_without_its_secrets() -> None:
    async def crash(_: ClaimTask) -> Claim:
        raise RuntimeError("password=hunter2")

    reply = call(CLAIM_TASK, crash, ClaimTask(task_id=UUID(int=1)))
    assert reply.code == "internal"
    assert "hunter2" not in str(reply)


@pytest.mark.parametrize("value", [object(), RuntimeError("x")])
def test_an_answer_that_cannot_be_written_is_an_internal_error(value: object) -> None:
    async def strange(_: ClaimTask) -> Any:
        return value

    async def strange_error(_: ClaimTask) -> Claim:
        raise NotFoundError("x", value=value)

    for handler in (strange, strange_error):
        assert call(CLAIM_TASK, handler, ClaimTask(task_id=UUID(int=1))).code == "internal"


def test_a_request_that_does_not_decode_is_refused() -> None:
    async def never(_: ClaimTask) -> Claim:
        raise AssertionError

    assert raw_call(CLAIM_TASK, never, b'{"task_id":1}').code == "invalid_input"


@dataclass
class Incoming:
    body: bytes


def call(method: Any, handler: Any, request: Any) -> Any:
    return raw_call(method, handler, encode(request))


def raw_call(method: Any, handler: Any, body: bytes) -> Any:
    async def answered() -> bytes:
        return await answering(method, handler)(cast("NatsMessage", Incoming(body)))

    return decode(asyncio.run(answered()), reply_type(method))
