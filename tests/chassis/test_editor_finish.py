"""The end of an executed queue: results, failures, replays, and what is known already."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from libs.contracts.editor import Execution
from libs.contracts.errors import NotFoundError
from libs.contracts.graph import Source, Trim
from libs.contracts.jobs import JobState
from services.jobs import workflow
from services.jobs.dispatch import Dispatcher
from tests.chassis.databases import Jobs, execute, opened
from tests.chassis.editors import Editing, artifact, probed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def editing(database_url: str) -> AsyncIterator[Editing]:
    async with opened(database_url) as database:
        yield Editing(database)


async def states(editing: Editing, execution: Execution) -> list[str]:
    return [edit.state for edit in (await editing.look(execution)).edits]


async def test_results_show_when_all_are_there(editing: Editing) -> None:
    source = await editing.upload("휴가.mov")
    first, second = await editing.trim(source), await editing.encode(source)
    execution = await editing.execute()
    await editing.complete(second)
    assert await editing.ids() == [source]
    assert await states(editing, execution) == ["executing", "executing"]
    await editing.complete(first)
    assert (await editing.look(execution)).job.state is JobState.COMPLETED
    assert await states(editing, execution) == ["completed", "completed"]
    assert await editing.ids() == [source, first, second]
    result = await editing.get(first)
    assert re.fullmatch(r"/storage/modi/휴가_trim_\d{14}\.mov", result.path)
    assert (result.object, result.info) == (artifact(first), probed())
    assert (result.operation, result.request) == ("trim", {"edit": "TrimEdit"})
    assert re.fullmatch(r"/storage/modi/휴가_encode_\d{14}\.mov", (await editing.get(second)).path)


async def test_results_of_kept_packets_are_remade_from_originals(editing: Editing) -> None:
    source = await editing.upload(content=3)
    part = await editing.trim(source, 0.5, 1.5)
    encoded = await editing.encode(part)
    of_encoded = await editing.trim(encoded, 0.0, 0.5)
    await editing.execute()
    await editing.complete(part, encoded, of_encoded)
    again = {video: await editing.trim(video, 0.0, 0.5) for video in (part, encoded, of_encoded)}
    await editing.execute()
    node = (await editing.work(again[part])).graph.input
    assert isinstance(node, Trim)
    assert isinstance(node.input, Trim)
    assert isinstance(node.input.input, Source)
    assert node.input.input.object.sha256 == f"{3:064x}"
    for video in (encoded, of_encoded):
        node = (await editing.work(again[video])).graph.input
        assert isinstance(node, Trim)
        assert isinstance(node.input, Source)
        assert node.input.object == artifact(video)


async def test_a_failure_takes_along_what_is_made_of_it_alone(editing: Editing) -> None:
    source = await editing.upload()
    bad, good = await editing.trim(source), await editing.trim(source, 0.2)
    follower, mixed = await editing.trim(bad, 0.0, 0.5), await editing.concat(good, good)
    execution = await editing.execute()
    await editing.complete(follower, good)
    await editing.fail(bad)
    assert await editing.ids() == [source]
    await editing.complete(mixed)
    ended = await editing.look(execution)
    assert ended.job.state is JobState.FAILED
    assert ended.job.result is None
    assert [(edit.state, edit.error.message if edit.error else None) for edit in ended.edits] == [
        ("failed", "It is broken."),
        ("completed", None),
        ("failed", f"It is made of video {bad}, which could not be made."),
        ("completed", None),
    ]
    assert ended.job.error is not None
    assert ended.job.error.message.splitlines() == [
        f"video {bad}: It is broken.",
        f"video {follower}: It is made of video {bad}, which could not be made.",
    ]
    assert await editing.ids() == [source, good, mixed]
    with pytest.raises(NotFoundError):
        await editing.trim(bad)


async def test_tasks_that_are_not_wanted_any_more_are_known(editing: Editing) -> None:
    source = await editing.upload()
    bad = await editing.trim(source)
    follower, other = await editing.trim(bad, 0.0, 0.5), await editing.trim(source, 0.2)
    execution = await editing.execute()
    for video in (bad, follower, other):
        assert await editing.claim(video)
    await editing.fail(bad)
    unwanted = await editing.repository.unwanted_tasks(execution.job.job_id)
    assert (await editing.task(follower)).task_id in unwanted
    assert (await editing.task(other)).task_id not in unwanted
    assert await editing.claim(follower) is None


async def test_a_replay_makes_the_missing_ones(editing: Editing) -> None:
    source = await editing.upload()
    bad, good = await editing.trim(source), await editing.trim(source, 0.2)
    follower = await editing.trim(bad, 0.0, 0.5)
    execution = await editing.execute()
    await editing.complete(good)
    await editing.fail(bad)
    path = (await editing.get(good)).path
    assert await states(editing, execution) == ["failed", "completed", "failed"]
    assert await editing.claim(follower, replayed=True) is None
    assert await editing.claim(bad, replayed=True) is not None
    assert await states(editing, execution) == ["executing", "completed", "executing"]
    assert (await editing.look(execution)).job.state is JobState.PROCESSING
    await editing.complete(bad)
    assert await editing.ids() == [source, good]
    await editing.complete(follower)
    ended = await editing.look(execution)
    assert (ended.job.state, ended.job.error) == (JobState.COMPLETED, None)
    assert [(edit.state, edit.error) for edit in ended.edits] == [("completed", None)] * 3
    assert (await editing.get(good)).path == path
    assert await editing.ids() == [source, bad, good, follower]


async def test_a_cancelled_queue_keeps_what_is_made(editing: Editing) -> None:
    source = await editing.upload()
    made, lost = await editing.trim(source), await editing.trim(source, 0.2)
    execution = await editing.execute()
    await editing.complete(made)
    async with editing.repository.transaction() as session:
        await editing.repository.change_job(session, execution.job.job_id, workflow.cancelled)
    ended = await editing.look(execution)
    assert ended.job.state is JobState.CANCELLED
    assert [edit.state for edit in ended.edits] == ["completed", "failed"]
    assert ended.edits[1].error is not None
    assert ended.edits[1].error.code == "cancelled"
    assert await editing.ids() == [source, made]
    with pytest.raises(NotFoundError):
        await editing.get(lost)


async def test_a_known_queue_is_done_when_execute_answers(editing: Editing) -> None:
    source = await editing.upload()
    first = await editing.trim(source)
    joined = await editing.concat(first, source)
    await editing.execute()
    await editing.complete(first, joined)
    again = await editing.trim(source)
    both = await editing.concat(again, source)
    execution = await editing.execute()
    assert (execution.job.state, execution.job.progress) == (JobState.COMPLETED, 100.0)
    assert [edit.state for edit in execution.edits] == ["completed", "completed"]
    assert (await editing.get(both)).object == artifact(joined)
    assert len({(await editing.get(each)).path for each in (first, joined, again, both)}) == 4
    ends = await Jobs(editing.database).outbox("job.completed.v1")
    assert len(ends) == 2


async def test_twins_in_one_queue_are_made_once(editing: Editing) -> None:
    source = await editing.upload()
    one, other = await editing.trim(source), await editing.trim(source)
    execution = await editing.execute()
    dispatcher = Dispatcher(editing.repository, window=4, cap=64, interval=0.01)
    assert await dispatcher.round("transcode") == 1
    await editing.complete(one)
    await dispatcher.round("transcode")
    assert (await editing.look(execution)).job.state is JobState.COMPLETED
    assert (await editing.get(one)).object == (await editing.get(other)).object
    assert (await editing.get(one)).path != (await editing.get(other)).path


async def test_ends_at_the_same_moment(editing: Editing, database_url: str) -> None:
    """Queues of equal names end, uploads come and known results are answered, all beside each other."""
    source = await editing.upload("same.mp4")
    users = [Editing(editing.database, code=f"user {number}") for number in range(12)]
    reserved = [
        [await user.trim(source, number / 100), await user.trim(source, 0.5)]
        for number, user in enumerate(users)
    ]
    for user in users:
        await user.execute()
    async with opened(database_url) as other:
        dispatcher = Dispatcher(Editing(other).repository, window=4, cap=64, interval=0.01)
        await asyncio.gather(
            *(user.complete(*videos) for user, videos in zip(users, reserved, strict=True)),
            *(dispatcher.round("transcode") for _ in range(4)),
            *(editing.upload("same.mp4") for _ in range(4)),
        )
    rows = await execute(database_url, "SELECT path FROM jobs.videos WHERE state = 'ready'")
    assert len({row["path"] for row in rows}) == len(rows) == 1 + 24 + 4
