"""Plans that grow, on a real database: whoever completes what a task needs, it is planned at that moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.graph import Focus
from libs.contracts.jobs import Job, JobCreated, JobError, JobEvent, JobState, VideoEditSpec
from libs.contracts.media import ObjectRef, StoredMedia
from libs.contracts.rpc import Submission, SubmitJobs
from libs.contracts.tasks import (
    EditAnalysisResult,
    EditAnalysisTask,
    FetchResult,
    RenderResult,
    RenderTask,
    Task,
    TaskResult,
)
from libs.contracts.video_edit import Analysis, Wanted
from services.jobs import workflow
from services.jobs.dispatch import Dispatcher
from services.jobs.models import TaskRow
from services.jobs.results import remember_result
from tests.chassis.databases import Jobs, execute, opened
from tests.unit.samples import SHA, asset, info

pytestmark = pytest.mark.anyio
WANTED = Wanted(duration=10.0, width=108, height=192, fit="crop")
LOOKED = EditAnalysisResult(analysis=Analysis(focus=[Focus(start=0.0, x=0.25, y=0.5)]))
MADE = RenderResult(artifact=ObjectRef(key="results/x/output.mp4", size=2, sha256=SHA), info=info())
STORED = VideoEditSpec(wanted=WANTED, source=StoredMedia(object=asset().object, info=info()))
REMOTE = VideoEditSpec(wanted=WANTED, url="https://example.com/clip.mp4")


@pytest.fixture
async def jobs(database_url: str) -> AsyncIterator[Jobs]:
    async with opened(database_url) as database:
        yield Jobs(database)


async def submit(jobs: Jobs, spec: VideoEditSpec = STORED, key: str = "k", **options: Any) -> UUID:
    submission = Submission(key=key, spec=spec)
    request = SubmitJobs(owner="alice", family="jobs", submissions=[submission], **options)
    (job_id,) = await jobs.send(request)
    return job_id


async def tasks(jobs: Jobs, job_id: UUID) -> dict[str, TaskRow]:
    return {row.name: row for row in await jobs.tasks() if row.job_id == job_id}


async def states(jobs: Jobs, job_id: UUID) -> dict[str, str]:
    return {name: row.state for name, row in (await tasks(jobs, job_id)).items()}


async def complete(jobs: Jobs, job_id: UUID, name: str, result: TaskResult) -> Job:
    """As the service does when a worker says so."""
    row = (await tasks(jobs, job_id))[name]
    async with jobs.repository.transaction() as session:
        await remember_result(session, row.fingerprint, result)
        step = partial(workflow.completed, task_id=row.task_id, result=result)
        job = await jobs.repository.change_job(session, job_id, step)
    assert job is not None
    return job


async def release(jobs: Jobs, service: str) -> int:
    return await Dispatcher(jobs.repository, window=9, cap=9, interval=1).round(service)


def task_in(row: TaskRow) -> Task:
    return msgspec.convert(row.payload, Task)


async def test_a_job_is_told_of_as_it_is_kept(jobs: Jobs) -> None:
    """Else who hears the event and then looks takes the same state for a newer one."""
    job_id = await submit(jobs)
    (row,) = await execute(
        jobs.database.url, "SELECT payload FROM jobs.outbox WHERE subject = 'job.created.v1'"
    )
    told = msgspec.json.decode(row["payload"], type=JobCreated).job
    assert told == (await jobs.repository.detail(job_id, "alice")).job


async def test_a_job_that_ends_at_once_is_told_of_before_and_after(jobs: Jobs) -> None:
    await complete(jobs, await submit(jobs), "look", LOOKED)
    await complete(jobs, await submit(jobs), "main", MADE)
    await execute(jobs.database.url, "DELETE FROM jobs.outbox")
    await submit(jobs, key="again")
    rows = await execute(jobs.database.url, "SELECT payload FROM jobs.outbox ORDER BY id")
    created, completed = (msgspec.json.decode(row["payload"], type=JobEvent).job for row in rows)
    assert (created.state, completed.state) == (JobState.PENDING, JobState.COMPLETED)
    assert created.updated_at < completed.updated_at


async def test_an_edit_is_planned_when_its_source_was_looked_at(jobs: Jobs) -> None:
    job_id = await submit(jobs, time_limit=77.0)
    assert await states(jobs, job_id) == {"look": "waiting", "main": "blocked"}
    assert await release(jobs, "transcode") == 0
    job = await complete(jobs, job_id, "look", LOOKED)
    assert job.state is JobState.PENDING
    main = (await tasks(jobs, job_id))["main"]
    task = task_in(main)
    assert isinstance(task.spec, RenderTask)
    assert (main.state, main.fingerprint) == ("waiting", task.fingerprint)
    assert (task.task_id, task.job_id, task.owner) == (main.task_id, job_id, "alice")
    assert task.time_limit == 77.0
    assert await release(jobs, "transcode") == 1
    job = await complete(jobs, job_id, "main", MADE)
    assert (job.state, job.result, job.progress) == (JobState.COMPLETED, MADE, 100.0)


async def test_a_url_goes_through_all_stages(jobs: Jobs) -> None:
    job_id = await submit(jobs, REMOTE)
    assert await states(jobs, job_id) == {"fetch": "waiting", "look": "blocked", "main": "blocked"}
    assert await release(jobs, "ingest") == 1
    job = await complete(jobs, job_id, "fetch", FetchResult(asset=asset(owner="alice")))
    assert job.progress == pytest.approx(10.0)
    look = (await tasks(jobs, job_id))["look"]
    assert task_in(look).spec == EditAnalysisTask(source=asset().object, info=info(), wanted=WANTED)
    assert await states(jobs, job_id) == {"fetch": "completed", "look": "waiting", "main": "blocked"}
    job = await complete(jobs, job_id, "look", LOOKED)
    assert job.progress == pytest.approx(20.0)
    job = await complete(jobs, job_id, "main", MADE)
    assert (job.state, job.kind, job.asset_id) == (JobState.COMPLETED, "video_edit", None)


async def test_what_is_known_is_not_done_again_at_any_stage(jobs: Jobs) -> None:
    first = await submit(jobs)
    await complete(jobs, first, "look", LOOKED)
    second = await submit(jobs, key="second")
    assert await states(jobs, second) == {"look": "completed", "main": "waiting"}
    await complete(jobs, first, "main", MADE)
    third = await submit(jobs, key="third")
    assert await states(jobs, third) == {"look": "completed", "main": "completed"}
    assert (await jobs.job(third)).state == "completed"
    assert [row["subject"] for row in await jobs.outbox("job.completed.v1")] == ["job.completed.v1"] * 2


async def test_a_waiting_twin_is_answered_and_grows(jobs: Jobs) -> None:
    first, second = await submit(jobs), await submit(jobs, key="second")
    assert await release(jobs, "analyze") == 1
    await complete(jobs, first, "look", LOOKED)
    assert await release(jobs, "analyze") == 0
    assert await states(jobs, second) == {"look": "completed", "main": "waiting"}
    assert await release(jobs, "transcode") == 1
    await complete(jobs, first, "main", MADE)
    await release(jobs, "transcode")
    assert (await jobs.job(second)).state == "completed"


async def test_results_that_come_twice_plan_once(jobs: Jobs) -> None:
    job_id = await submit(jobs)
    await complete(jobs, job_id, "look", LOOKED)
    before = (await tasks(jobs, job_id))["main"].payload
    await complete(jobs, job_id, "look", LOOKED)
    await release(jobs, "transcode")
    await complete(jobs, job_id, "look", LOOKED)
    main = (await tasks(jobs, job_id))["main"]
    assert (main.state, main.payload) == ("released", before)


async def test_what_cannot_be_planned_fails_in_words_at_once(jobs: Jobs) -> None:
    job_id = await submit(jobs, REMOTE)
    job = await complete(jobs, job_id, "fetch", FetchResult(asset=asset(info=info(video=None))))
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.message) == (
        "media_error",
        "There is no video in this file, only sound.",
    )
    assert await states(jobs, job_id) == {"fetch": "completed", "look": "failed", "main": "cancelled"}
    assert len(await jobs.outbox("job.failed.v1")) == 1


async def test_a_source_without_a_video_fails_before_anything_is_done(jobs: Jobs) -> None:
    spec = VideoEditSpec(wanted=WANTED, source=StoredMedia(object=asset().object, info=info(video=None)))
    job_id = await submit(jobs, spec)
    assert (await jobs.job(job_id)).state == "failed"
    assert await states(jobs, job_id) == {}


async def test_a_cancelled_job_does_not_grow(jobs: Jobs) -> None:
    job_id = await submit(jobs)
    look = (await tasks(jobs, job_id))["look"]
    await jobs.repository.change(look.task_id, workflow.cancelled)
    assert (await complete(jobs, job_id, "look", LOOKED)).state is JobState.CANCELLED
    assert await states(jobs, job_id) == {"look": "cancelled", "main": "cancelled"}


async def test_a_replay_goes_on_where_the_job_failed(jobs: Jobs) -> None:
    job_id = await submit(jobs)
    look = (await tasks(jobs, job_id))["look"]
    error = JobError(code="unavailable", message="Storage does not answer.")
    await jobs.repository.change(look.task_id, partial(workflow.failed, task_id=look.task_id, error=error))
    assert await states(jobs, job_id) == {"look": "failed", "main": "cancelled"}
    replay = partial(workflow.claimed, task_id=look.task_id, replayed=True)
    assert await jobs.repository.change(look.task_id, replay)
    assert await states(jobs, job_id) == {"look": "running", "main": "blocked"}
    await complete(jobs, job_id, "look", LOOKED)
    assert (await complete(jobs, job_id, "main", MADE)).state is JobState.COMPLETED


async def test_a_job_with_a_source_alone_is_no_asset_s(jobs: Jobs) -> None:
    """The submitter asks ingest for nothing: who names a stored video has seen that its user may."""
    job_id = await submit(jobs)
    assert (await jobs.job(job_id)).asset_id is None
