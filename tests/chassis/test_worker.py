"""A worker over a real bus and real storage, with a stand-in for the jobs service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.chassis.storage import Storage
from libs.chassis.worker import TaskContext
from libs.contracts.errors import MediaError, UnavailableError
from libs.contracts.tasks import (
    CANCEL_TASKS,
    CancelTasks,
    MetadataResult,
    MetadataTask,
    TaskFailed,
    TaskResult,
    TaskStopped,
)
from reelbus.stack.setup import ensure_bucket
from tests.chassis.buses import buried, running, until
from tests.chassis.servers import KEY, SECRET, Juicefs, Nats
from tests.chassis.stage import Stage, Work

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(nats: Nats, juicefs: Juicefs, tmp_path: Path) -> AsyncIterator[Stage]:
    settings = juicefs.settings("media")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, "media")
    storage = Storage(settings)
    async with Stage(nats, storage, tmp_path / "scratch") as stage:
        yield stage
    storage.close()


async def write(_: MetadataTask, context: TaskContext) -> TaskResult:
    path = context.scratch / "out.json"
    path.write_bytes(b"{}")
    return MetadataResult(artifact=await context.artifact(path, "metadata.json", "application/json"))


def failing(error: Exception) -> Work:
    async def work(_: MetadataTask, context: TaskContext) -> TaskResult:
        (context.scratch / "half.mp4").write_bytes(b"half")
        raise error

    return work


class Stuck:
    """Work that never ends by itself."""

    def __init__(self) -> None:
        self.begun = 0
        self.stopped = 0

    async def __call__(self, _: MetadataTask, context: TaskContext) -> TaskResult:
        self.begun += 1
        (context.scratch / "half.mp4").write_bytes(b"half")
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped += 1
        raise AssertionError


async def test_a_result_is_stored_and_told_and_nothing_is_left(stage: Stage) -> None:
    await stage.worker(write)
    task_id = await stage.send()
    await stage.completed.filled(1)
    await stage.idle()
    message: Any = stage.completed.got[0][0]
    assert message.task_id == task_id
    assert message.result.artifact.key == f"results/{message.fingerprint}/metadata.json"
    assert await stage.storage.get_bytes(message.result.artifact.key, max_size=10) == b"{}"
    assert [claim.task_id for claim in stage.claims] == [task_id]
    assert stage.files() == []
    assert stage.failed.got == []


async def test_unwanted_work_is_not_begun(stage: Stage) -> None:
    stage.wanted = False
    stuck = Stuck()
    await stage.worker(stuck)
    await stage.send()
    await until(lambda: stage.claims)
    await stage.idle()
    assert stuck.begun == 0
    assert (stage.completed.got, stage.failed.got) == ([], [])


async def test_a_cancel_stops_the_work_and_leaves_nothing(stage: Stage) -> None:
    stuck = Stuck()
    await stage.worker(stuck)
    first, second = await stage.send(), await stage.send()
    await until(lambda: stuck.begun == 2)
    await stage.bus.signal(CANCEL_TASKS, CancelTasks(task_ids=[uuid4(), first]))
    await until(lambda: stuck.stopped == 1)
    await stage.bus.signal(CANCEL_TASKS, CancelTasks(task_ids=[second]))
    await stage.idle()
    assert (stuck.begun, stuck.stopped) == (2, 2)
    assert stage.files() == []
    assert (stage.completed.got, stage.failed.got) == ([], [])
    assert await buried(stage.bus) == []


async def store_and_stick(_: MetadataTask, context: TaskContext) -> TaskResult:
    """Work that is stopped when it has stored something."""
    path = context.scratch / "out.json"
    path.write_bytes(b"{}")
    await context.artifact(path, "metadata.json", "application/json")
    context.progress(1.0)
    await asyncio.Event().wait()
    raise AssertionError


async def test_who_is_stopped_tells_what_was_stored(stage: Stage) -> None:
    await stage.worker(store_and_stick)
    task_id = await stage.send()
    await until(lambda: stage.progress)
    await stage.bus.signal(CANCEL_TASKS, CancelTasks(task_ids=[task_id]))
    await stage.stopped.filled(1)
    await stage.idle()
    told: Any = stage.stopped.got[0][0]
    assert isinstance(told, TaskStopped)
    assert (told.task_id, told.keys) == (task_id, [f"results/{told.fingerprint}/metadata.json"])
    assert (stage.completed.got, stage.failed.got) == ([], [])


async def test_who_is_stopped_empty_handed_tells_nothing(stage: Stage) -> None:
    stuck = Stuck()
    await stage.worker(stuck)
    task_id = await stage.send()
    await until(lambda: stuck.begun)
    await stage.bus.signal(CANCEL_TASKS, CancelTasks(task_ids=[task_id]))
    await stage.idle()
    assert stage.stopped.got == []


async def test_a_cancel_that_finds_the_work_done_comes_too_late(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody was told of could never be removed."""
    bus = await stage.worker(write)
    publish, publishing = bus.publish, asyncio.Event()
    task_ids: list[UUID] = []

    async def slowly(*args: Any, **options: Any) -> None:
        publishing.set()
        await stage.bus.signal(CANCEL_TASKS, CancelTasks(task_ids=task_ids))
        await asyncio.sleep(0.3)
        await publish(*args, **options)

    monkeypatch.setattr(bus, "publish", slowly)
    task_ids.append(await stage.send())
    await publishing.wait()
    await stage.completed.filled(1)
    await stage.idle()
    assert stage.stopped.got == []


async def test_attempts_are_counted(stage: Stage) -> None:
    seen: list[int] = []

    async def work(spec: MetadataTask, context: TaskContext) -> TaskResult:
        seen.append(context.attempt)
        if len(seen) < 3:
            raise UnavailableError("Storage does not answer.")
        return await write(spec, context)

    await stage.worker(work)
    await stage.send()
    await stage.completed.filled(1)
    assert seen == [1, 2, 3]


async def test_a_stopped_worker_hands_its_work_to_another(stage: Stage) -> None:
    stuck = Stuck()
    bus = await stage.worker(stuck, ack_wait=60.0)
    task_id = await stage.send()
    await until(lambda: stuck.begun)
    await bus.stop()
    assert stage.files() == []
    await stage.worker(write, ack_wait=60.0)
    await stage.completed.filled(1)
    assert [message.task_id for message, _ in stage.completed.got] == [task_id]  # type: ignore[attr-defined]  # set by this test


async def test_work_over_its_time_fails_at_once(stage: Stage) -> None:
    """It would take as long again."""

    async def work(_: MetadataTask, __: TaskContext) -> TaskResult:
        await asyncio.Event().wait()
        raise AssertionError("never")

    await stage.worker(work)
    await stage.send(time_limit=0.2)
    await stage.failed.filled(1)
    await stage.idle()
    ((failed, _),) = stage.failed.got
    assert isinstance(failed, TaskFailed)
    assert (failed.code, failed.attempts) == ("timeout", 1)


@pytest.mark.parametrize(
    ("error", "code", "attempts", "letters"),
    [
        (MediaError("It is broken."), "media_error", 1, 0),
        (RuntimeError("oops"), "internal", 3, 1),
        (UnavailableError("Storage does not answer."), "unavailable", 5, 1),
        (OSError(28, "No space left on device"), "unavailable", 5, 1),
    ],
    ids=["no use", "crash", "outage", "disk"],
)
async def test_failures_are_told_once(
    stage: Stage, error: Exception, code: str, attempts: int, letters: int
) -> None:
    await stage.worker(failing(error))
    task_id = await stage.send()
    await stage.failed.filled(1)
    await stage.idle()
    ((message, _),) = stage.failed.got
    told: Any = message
    assert (told.task_id, told.code, told.attempts) == (task_id, code, attempts)
    assert "oops" not in told.message
    assert len(stage.claims) == attempts
    assert stage.files() == []
    assert len(await buried(stage.bus)) == letters
    assert stage.completed.got == []


async def test_a_task_waits_while_jobs_is_away(nats: Nats, stage: Stage) -> None:
    await stage.worker(write, max_deliver=50)
    async with running(nats, service="sender") as sender:
        await stage.bus.stop()
        stage.bus = sender
        await stage.send()
        await asyncio.sleep(0.5)  # some claims without an answer
        async with running(nats, stage._register, "jobs"):
            await stage.completed.filled(1)
            assert len(stage.claims) == 1


async def test_progress_rises_and_comes_four_times_a_second_at_most(stage: Stage) -> None:
    async def work(spec: MetadataTask, context: TaskContext) -> TaskResult:
        for tick in range(110):
            context.progress(tick / 100)
            context.progress(tick / 200)
            await asyncio.sleep(0.01)
        return await write(spec, context)

    await stage.worker(work)
    await stage.send()
    await stage.completed.filled(1)
    fractions = [fraction for _, fraction in stage.progress]
    assert fractions == sorted(set(fractions))
    assert 0 < fractions[0] <= fractions[-1] <= 1
    seconds = stage.progress[-1][0] - stage.progress[0][0]
    assert 2 <= len(fractions) <= 3 + seconds / 0.25


async def test_a_staged_input_is_fetched_once(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"movie")
    source = await stage.storage.put_file(f"tests/{uuid4()}", tmp_path / "in", "video/mp4")
    seen: list[tuple[Path, bytes]] = []

    async def work(spec: MetadataTask, context: TaskContext) -> TaskResult:
        for _ in range(2):
            path = await context.stage(source)
            seen.append((path, path.read_bytes()))
            path.write_bytes(b"changed")
        return await write(spec, context)

    await stage.worker(work)
    await stage.send()
    await stage.completed.filled(1)
    assert [data for _, data in seen] == [b"movie", b"changed"]
    assert not seen[0][0].exists()


async def test_an_input_that_is_gone_fails_the_task(stage: Stage) -> None:
    async def work(spec: MetadataTask, context: TaskContext) -> TaskResult:
        await context.stage(spec.source)
        return await write(spec, context)

    await stage.worker(work)
    await stage.send()
    await stage.failed.filled(1)
    told: Any = stage.failed.got[0][0]
    assert (told.code, told.attempts) == ("not_found", 1)
