"""What may be queued, and what becomes of a queue that is executed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from libs.contracts.editor import ExecuteQueue, GetExecution, QueueEdit, TrimEdit
from libs.contracts.errors import ConflictError, InvalidInputError, NotFoundError
from libs.contracts.graph import Output
from libs.contracts.jobs import EditQueueSpec, JobState
from libs.contracts.rpc import Submission, SubmitJobs
from libs.media.walk import sources
from services.jobs.submission import Submitter
from tests.chassis.databases import Jobs, execute, opened
from tests.chassis.editors import Editing
from tests.unit.samples import info, video

pytestmark = pytest.mark.anyio


@pytest.fixture
async def editing(database_url: str) -> AsyncIterator[Editing]:
    async with opened(database_url) as database:
        yield Editing(database)


def shas(graph: Output) -> list[int]:
    """The numbers that the sources of a graph are made of."""
    return [int(source.object.sha256, 16) for source in sources(graph.input)]


# --- queueing ------------------------------------------------------------------------------------


async def test_results_are_reserved_and_not_there(editing: Editing) -> None:
    source = await editing.upload()
    queued = await editing.queue(TrimEdit(video_id=source, start=0.0, end=1.0))
    assert queued.video_id > source
    with pytest.raises(NotFoundError):
        await editing.get(queued.video_id)
    assert await editing.ids() == [source]


async def test_a_reserved_result_is_an_input_of_its_own_queue_alone(editing: Editing) -> None:
    part = await editing.trim(await editing.upload())
    await editing.concat(part, part)
    for stranger in (Editing(editing.database, code="other"), Editing(editing.database, owner="somebody")):
        with pytest.raises(NotFoundError, match=str(part)):
            await stranger.trim(part)
    await editing.execute()
    with pytest.raises(NotFoundError, match=str(part)):  # until it is made
        await editing.trim(part)


async def test_what_the_contract_forbids(editing: Editing) -> None:
    source = await editing.upload()
    other = await editing.upload(info=info(video=video(codec="vp9")))
    forbidden: list[Any] = [
        lambda: editing.trim(source, 2.5, 3.0),
        lambda: editing.trim(source, 1.0, 0.5),
        lambda: editing.concat(source, other),
        editing.concat,
        lambda: editing.encode(source, "nonsense"),
        lambda: editing.encode(source, "libx264"),
    ]
    for edit in forbidden:
        with pytest.raises(InvalidInputError):
            await edit()
    with pytest.raises(InvalidInputError):  # order before existence, existence before the end
        await editing.trim(10**6, 1.0, 0.5)
    with pytest.raises(NotFoundError):
        await editing.trim(10**6, 2.5, 3.0)
    with pytest.raises(NotFoundError):
        await editing.concat(source, 10**6)
    with pytest.raises(ConflictError):
        await editing.execute()


async def test_a_chain_is_checked_against_what_is_foretold(editing: Editing) -> None:
    part = await editing.trim(await editing.upload(), 0.5, 1.5)
    with pytest.raises(InvalidInputError):
        await editing.trim(part, 1.2, 2.0)
    encoded = await editing.encode(part)
    with pytest.raises(InvalidInputError):
        await editing.encode(encoded)


async def test_a_full_queue(editing: Editing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.jobs.editor.queue.MAX_PENDING", 3)
    source = await editing.upload()
    for _ in range(3):
        await editing.trim(source)
    with pytest.raises(InvalidInputError, match="full: 3 edits"):
        await editing.trim(source)
    await Editing(editing.database, code="other").trim(source)
    await editing.execute()
    await editing.trim(source)


async def test_a_heavy_queue(editing: Editing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.jobs.editor.queue.MAX_BYTES", 5_000)
    source = await editing.upload()
    await editing.trim(source)
    full = asyncio.gather(*(editing.trim(source) for _ in range(10)))
    with pytest.raises(InvalidInputError, match="full"):
        await full


# --- executing -----------------------------------------------------------------------------------


async def test_a_queue_becomes_one_job_made_from_originals(editing: Editing) -> None:
    one, two = await editing.upload(content=1), await editing.upload(content=2)
    first = await editing.trim(one, 0.5, 1.5)
    joined = await editing.concat(two, first, first)
    encoded = await editing.encode(joined)
    execution = await editing.execute()
    job = execution.job
    assert (job.kind, job.family, job.owner, job.channel, job.asset_id, job.state) == (
        "edit_queue", "video-editor", "public", None, None, JobState.PENDING,
    )  # fmt: skip
    assert re.fullmatch(r"edits/[0-9a-f-]{36}", job.key)
    assert [(edit.video_id, edit.operation, edit.state) for edit in execution.edits] == [
        (first, "trim", "executing"),
        (joined, "concat", "executing"),
        (encoded, "encode", "executing"),
    ]
    rows = [await editing.task(each) for each in (first, joined, encoded)]
    assert [(row.position, row.state, row.needs) for row in rows] == [
        (0, "waiting", []), (1, "waiting", []), (2, "waiting", []),
    ]  # fmt: skip
    assert [row.follows for row in rows] == [[], [f"video {first}"], [f"video {joined}"]]
    assert rows[2].weight > rows[1].weight
    assert {row.share for row in rows} == {"public/video-editor/user"}
    works = [await editing.work(each) for each in (first, joined, encoded)]
    assert [shas(work.graph) for work in works] == [[1], [2, 1, 1], [2, 1, 1]]
    assert [work.graph.keep for work in works] == [True, True, False]
    assert [work.file_name for work in works] == ["trim.mp4", "concat.mp4", "encode.mp4"]


async def test_an_executed_queue_is_empty(editing: Editing) -> None:
    await editing.trim(await editing.upload())
    await editing.execute()
    with pytest.raises(ConflictError):
        await editing.execute()


async def test_two_executes_of_one_code(editing: Editing, database_url: str) -> None:
    source = await editing.upload()
    async with opened(database_url) as other:
        replicas = [editing, Editing(other)]
        for _ in range(5):
            await editing.trim(source)
            answers = await asyncio.gather(*(each.execute() for each in replicas), return_exceptions=True)
            assert sorted(type(answer).__name__ for answer in answers) == ["ConflictError", "Execution"]


async def test_twenty_executes_of_different_codes(editing: Editing) -> None:
    source = await editing.upload()
    users = [Editing(editing.database, code=f"user {number}") for number in range(20)]
    reserved = [[await user.trim(source), await user.trim(source)] for user in users]
    executions = await asyncio.gather(*(user.execute() for user in users))
    assert [[edit.video_id for edit in each.edits] for each in executions] == reserved
    assert len({each.job.job_id for each in executions}) == 20


async def test_queueing_while_a_queue_is_executed(editing: Editing) -> None:
    """What is made of a reserved result is executed with it, or refused."""
    source = await editing.upload()
    for _ in range(5):
        part = await editing.trim(source)
        outcomes = await asyncio.gather(
            editing.trim(part), editing.execute(), editing.trim(part), return_exceptions=True
        )
        queued = {each for each in (outcomes[0], outcomes[2]) if isinstance(each, int)}
        refused = [each for each in (outcomes[0], outcomes[2]) if isinstance(each, NotFoundError)]
        assert len(queued) + len(refused) == 2
        assert not isinstance(outcomes[1], int | BaseException)
        assert {edit.video_id for edit in outcomes[1].edits} == {part, *queued}


async def test_codes_are_checked(editing: Editing) -> None:
    source = await editing.upload()
    for code in ("", "\x00", "x" * 201):
        with pytest.raises(InvalidInputError):
            await editing.executor.execute(ExecuteQueue(owner="public", request_code=code))
        edit = TrimEdit(video_id=source, start=0.0, end=1.0)
        with pytest.raises(InvalidInputError):
            await editing.edits.add(QueueEdit(owner="public", request_code=code, edit=edit, request={}))


async def test_an_edit_that_cannot_be_planned_fails_alone(editing: Editing, database_url: str) -> None:
    source = await editing.upload()
    first, bad = await editing.trim(source), await editing.trim(source, 0.1)
    follower = await editing.trim(bad, 0.0, 0.5)
    sql = """UPDATE jobs.videos SET node = '{"type": "nonsense"}' WHERE video_id = $1"""
    await execute(database_url, sql, bad)
    execution = await editing.execute()
    assert execution.job.state is JobState.PENDING
    assert [(await editing.task(each)).state for each in (first, bad, follower)] == [
        "waiting", "failed", "failed",
    ]  # fmt: skip
    await editing.complete(first)
    ended = await editing.look(execution)
    assert ended.job.state is JobState.FAILED
    errors = [edit.error.code if edit.error else None for edit in ended.edits]
    assert errors == [None, "internal", "dependency_failed"]
    assert (await editing.get(first)).operation == "trim"


async def test_executions_belong_to_their_owner(editing: Editing, database_url: str) -> None:
    await editing.trim(await editing.upload())
    execution = await editing.execute()
    assert await editing.look(execution) == execution
    with pytest.raises(NotFoundError):
        await Editing(editing.database, owner="somebody").look(execution)
    (other,) = await Jobs(editing.database).submit()
    for job_id in (other, UUID(int=5)):
        with pytest.raises(NotFoundError):
            await editing.executor.find(GetExecution(owner="public", job_id=job_id))


async def test_a_queue_cannot_be_submitted(editing: Editing) -> None:
    submitter = Submitter(editing.repository, editing._get_asset, time_limit=60)
    spec = EditQueueSpec(request_code="user", video_ids=[1])
    request = SubmitJobs(
        owner="public",
        family="jobs",
        submissions=[Submission(key="k", spec=spec)],
    )
    with pytest.raises(InvalidInputError, match="executed"):
        await submitter.submit(request)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to any database meanwhile; many rows at once are one."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_a_long_queue_takes_no_more_statements_than_a_short_one(editing: Editing) -> None:
    source = await editing.upload()
    counts = []
    for length in (2, 120):
        for number in range(length):
            await editing.trim(source, number / 1000, 1.5)
        with statements() as sent:
            execution = await editing.execute()
        assert len(execution.edits) == length
        counts.append(len(sent))
    assert counts[1] == counts[0] <= 12
