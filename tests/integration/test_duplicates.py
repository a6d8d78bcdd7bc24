"""Delivery is at least once: what comes twice, or too late, changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import nats
import pytest

from libs.chassis.codec import encode
from libs.contracts.base import Message
from libs.contracts.jobs import Job
from libs.contracts.tasks import TASK_COMPLETED, TASK_FAILED, TaskCompleted, TaskFailed
from tests.integration.client import ENHANCE, Operator, Socket, User, unique_copy
from tests.stack.harness import wait_until


def publish(operator: Operator, subject: str, body: bytes) -> None:
    """Under a message id of its own, so that JetStream does not drop it."""

    async def send() -> None:
        client = await nats.connect(operator.connection.nats_url)
        await client.jetstream().publish(subject, body, headers={"Nats-Msg-Id": uuid4().hex})
        await client.close()

    asyncio.run(send())


def settled(operator: Operator) -> bool:
    """All consumers of jobs and transcode have handled everything."""

    async def look() -> bool:
        client = await nats.connect(operator.connection.nats_url)
        js = client.jetstream()
        names = {
            "EVENTS": ["jobs-task-completed-v1", "jobs-task-failed-v1"],
            "TASKS": ["transcode", "analyze"],
        }
        try:
            infos = [await js.consumer_info(stream, name) for stream in names for name in names[stream]]
        finally:
            await client.close()
        return all(not info.num_pending and not info.num_ack_pending for info in infos)

    return asyncio.run(look())


@pytest.fixture(scope="module")
def done(
    user: User, operator: Operator, small_bunny: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Job, Socket]:
    """A completed enhancement, and a socket that goes on listening."""
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        file_id = user.upload(unique_copy(small_bunny, tmp_path_factory.mktemp("twice")), client_id=client_id)
        socket.wait_ends(file_id)
        return file_id, operator.job(file_id), socket


def task_id(operator: Operator, job: Job) -> object:
    ((found,),) = operator.sql("SELECT task_id FROM jobs.tasks WHERE job_id = $1", job.job_id)
    return found


@pytest.mark.parametrize("kind", ["completed", "failed"])
def test_a_second_end_of_a_task_is_ignored(
    user: User, operator: Operator, done: tuple[str, Job, Socket], kind: str
) -> None:
    file_id, job, socket = done
    assert job.result is not None
    task = task_id(operator, job)
    message: Message
    if kind == "completed":
        message = TaskCompleted(task_id=task, job_id=job.job_id, fingerprint="f" * 64, result=job.result)  # type: ignore[arg-type]  # it is there
        publish(operator, TASK_COMPLETED.subject, encode(message))
    else:
        message = TaskFailed(task_id=task, job_id=job.job_id, code="x", message="late", attempts=1)  # type: ignore[arg-type]  # it is there
        publish(operator, TASK_FAILED.subject, encode(message))
    wait_until(lambda: settled(operator))
    assert operator.job(file_id) == job
    assert len(socket.ends(file_id)) == 2
    assert operator.sql("SELECT count(*) FROM jobs.outbox") == [(0,)]


def test_a_task_that_is_done_is_not_done_again(operator: Operator, done: tuple[str, Job, Socket]) -> None:
    file_id, job, _ = done
    ((payload,),) = operator.sql("SELECT payload FROM jobs.tasks WHERE job_id = $1", job.job_id)
    publish(operator, "tasks.transcode.interactive", payload.encode())
    wait_until(lambda: settled(operator))
    assert operator.job(file_id) == job
    assert operator.encoders() == {}


def test_submitting_a_key_again_answers_the_same_job(
    user: User, operator: Operator, small_bunny: Path
) -> None:
    file_id = user.upload(small_bunny)
    first = operator.job(file_id)
    assert operator.resubmit(file_id).job_id == first.job_id
    assert operator.sql("SELECT count(*) FROM jobs.jobs WHERE key = $1", f"{ENHANCE}/{file_id}") == [(1,)]
