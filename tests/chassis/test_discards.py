"""What is removed of tasks that ended in vain, and when, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from libs.contracts.errors import InvalidInputError, ReelbusError, UnavailableError
from libs.contracts.jobs import EnhanceSpec, JobError, VideoEditSpec
from libs.contracts.rpc import DiscardArtifacts, Submission, SubmitJobs
from libs.contracts.tasks import FetchResult
from libs.contracts.video_edit import Wanted
from services.jobs import workflow
from services.jobs.discards import Discards
from services.jobs.dispatch import Dispatcher, lock_service
from services.jobs.models import TaskRow
from services.jobs.results import remember_result
from tests.chassis.databases import Jobs, execute, opened
from tests.unit.samples import asset, result

pytestmark = pytest.mark.anyio
SERVICE = "transcode"
ERROR = JobError(code="media_error", message="It is broken.")


class Ingest:
    """Notes what it is asked to remove; answers `errors` first."""

    def __init__(self, *errors: ReelbusError) -> None:
        self.asked: list[DiscardArtifacts] = []
        self.errors = list(errors)
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self, request: DiscardArtifacts) -> None:
        self.asked.append(request)
        await self.free.wait()
        if self.errors:
            raise self.errors.pop(0)


class Stage:
    """Jobs, their dispatcher and what removes."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.ingest = Ingest()
        self.woken = 0
        self.discards = Discards(jobs.repository, self.ingest, interval=0.01, on_removed=self._removed)
        self.dispatcher = Dispatcher(jobs.repository, window=9, cap=9, interval=1)

    def _removed(self) -> None:
        self.woken += 1

    async def out(self, **options: Any) -> TaskRow:
        """A task that a worker has."""
        (job_id,) = await self.jobs.submit(**options)
        await self.dispatcher.round(SERVICE)
        return await self.jobs.task_of(job_id)

    async def cancel(self, task: TaskRow) -> None:
        await self.jobs.repository.change(task.task_id, workflow.cancelled)

    async def fail(self, task: TaskRow) -> None:
        step = partial(workflow.failed, task_id=task.task_id, error=ERROR)
        await self.jobs.repository.change(task.task_id, step)

    async def complete(self, task: TaskRow) -> None:
        async with self.jobs.repository.transaction() as session:
            await remember_result(session, task.fingerprint, result())
            step = partial(workflow.completed, task_id=task.task_id, result=result())
            await self.jobs.repository.change_job(session, task.job_id, step)

    async def noted(self) -> int:
        return len(await execute(self.jobs.database.url, "SELECT * FROM jobs.discards"))


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with opened(database_url) as database:
        yield Stage(Jobs(database))


@pytest.mark.parametrize("end", ["cancel", "fail"])
async def test_what_a_task_left_that_ended_in_vain_is_removed(stage: Stage, end: str) -> None:
    task = await stage.out()
    await getattr(stage, end)(task)
    await stage.discards.discard(task.task_id, keys=["sessions/1/x/clip.mp4"])
    await stage.discards.step()
    (request,) = stage.ingest.asked
    assert request == DiscardArtifacts(
        fingerprint=task.fingerprint,
        owner="public",
        keys=[f"results/{task.fingerprint}/enhanced.mp4", "sessions/1/x/clip.mp4"],
    )
    assert (await stage.noted(), stage.woken) == (0, 1)


async def test_the_artifact_of_a_result_that_came_too_late_is_removed(stage: Stage) -> None:
    task = await stage.out()
    await stage.cancel(task)
    await stage.discards.discard(task.task_id, result=result("late.mp4"))
    await stage.discards.step()
    assert "results/x/late.mp4" in stage.ingest.asked[0].keys


async def test_what_is_in_work_or_completed_stays(stage: Stage) -> None:
    task = await stage.out()
    await stage.discards.discard(task.task_id)
    await stage.complete(task)
    await stage.discards.discard(task.task_id)
    await stage.discards.discard(UUID(int=404))
    assert await stage.noted() == 0


async def test_a_known_result_stays_whoever_ends_in_vain(stage: Stage) -> None:
    """Equal work, done once: the other's worker was told too late."""
    first = await stage.out(content=1)
    await stage.cancel(first)
    second = await stage.out(content=1)
    await stage.complete(second)
    await stage.discards.discard(first.task_id, result=result())
    assert await stage.noted() == 0


async def test_what_another_worker_is_writing_stays(stage: Stage) -> None:
    first = await stage.out(content=1)
    await stage.cancel(first)
    second = await stage.out(content=1)
    assert second.state == "released"
    await stage.discards.discard(first.task_id)
    assert await stage.noted() == 0
    await stage.cancel(second)
    await stage.discards.discard(second.task_id)
    assert await stage.noted() == 1


async def test_nobody_begins_what_is_being_removed(stage: Stage) -> None:
    """Else the removal would hit the new artifact."""
    first = await stage.out(content=1)
    await stage.cancel(first)
    await stage.discards.discard(first.task_id)
    (second,) = await stage.jobs.submit(content=1)
    (other,) = await stage.jobs.submit(content=2)
    assert await stage.dispatcher.round(SERVICE) == 1
    assert (await stage.jobs.released())[-1] == other
    stage.ingest.free.clear()
    removing = asyncio.create_task(stage.discards.step())
    while not stage.ingest.asked:
        await asyncio.sleep(0.01)
    assert await stage.dispatcher.round(SERVICE) == 0
    stage.ingest.free.set()
    await removing
    assert await stage.dispatcher.round(SERVICE) == 1
    assert (await stage.jobs.released())[-1] == second


async def test_a_replay_waits_for_the_removal(stage: Stage) -> None:
    task = await stage.out()
    await stage.fail(task)
    await stage.discards.discard(task.task_id)
    repository = stage.jobs.repository

    async def claim() -> None:
        async with repository.transaction() as session:
            await stage.discards.admit(session, task.task_id)
            step = partial(workflow.claimed, task_id=task.task_id, replayed=True)
            assert await repository.change_task(session, task.task_id, step)

    with pytest.raises(UnavailableError, match="being removed"):
        await claim()
    await stage.discards.step()
    await claim()


async def test_releases_and_removals_at_once_exclude_each_other(stage: Stage) -> None:
    for content in range(12):
        first = await stage.out(content=content)
        await stage.cancel(first)
        (second,) = await stage.jobs.submit(content=content)
        await asyncio.gather(stage.discards.discard(first.task_id), stage.dispatcher.round(SERVICE))
        released = (await stage.jobs.task_of(second)).state == "released"
        assert released == (await stage.noted() == 0)
        await stage.discards.step()
        await stage.cancel(await stage.jobs.task_of(second))


async def test_a_release_that_is_under_way_is_seen(stage: Stage) -> None:
    first = await stage.out(content=1)
    await stage.cancel(first)
    (second,) = await stage.jobs.submit(content=1)
    async with stage.jobs.repository.transaction() as session:
        await lock_service(session, SERVICE)
        noting = asyncio.create_task(stage.discards.discard(first.task_id))
        await asyncio.sleep(0.2)
        release = text("UPDATE jobs.tasks SET state = 'released' WHERE job_id = :job_id")
        await session.execute(release, {"job_id": second})
    await noting
    assert await stage.noted() == 0


async def test_while_ingest_is_away_it_stays_noted(stage: Stage) -> None:
    task = await stage.out()
    await stage.cancel(task)
    await stage.discards.discard(task.task_id)
    stage.ingest.errors = [UnavailableError("The ingest service is not running.")]
    with pytest.raises(UnavailableError):
        await stage.discards.step()
    assert (await stage.noted(), stage.woken) == (1, 0)
    await stage.discards.step()
    assert (await stage.noted(), len(stage.ingest.asked)) == (0, 2)


async def test_what_will_never_be_taken_holds_nobody_up(stage: Stage) -> None:
    for _ in range(2):
        task = await stage.out()
        await stage.cancel(task)
        await stage.discards.discard(task.task_id)
    stage.ingest.errors = [InvalidInputError("This is no fingerprint.")]
    await stage.discards.step()
    assert (await stage.noted(), len(stage.ingest.asked)) == (0, 2)


async def test_replicas_remove_each_once(stage: Stage) -> None:
    for _ in range(6):
        task = await stage.out()
        await stage.cancel(task)
        await stage.discards.discard(task.task_id)
    other = Discards(stage.jobs.repository, stage.ingest, interval=0.01, on_removed=lambda: None)
    await asyncio.gather(stage.discards.step(), other.step())
    removed = [request.fingerprint for request in stage.ingest.asked]
    assert len(removed) == len(set(removed)) == 6


# --- what was fetched -----------------------------------------------------------------------------


async def fetched(stage: Stage) -> TaskRow:
    """The completed fetch of a job that goes on."""
    spec = VideoEditSpec(wanted=Wanted(duration=5.0, width=64, height=64), url="https://example.com/a.mp4")
    submission = Submission(key="k", spec=spec)
    (job_id,) = await stage.jobs.send(SubmitJobs(owner="alice", family="jobs", submissions=[submission]))
    row = next(row for row in await stage.jobs.tasks() if (row.job_id, row.name) == (job_id, "fetch"))
    found = FetchResult(asset=asset(owner="alice"))
    async with stage.jobs.repository.transaction() as session:
        await remember_result(session, row.fingerprint, found)
        step = partial(workflow.completed, task_id=row.task_id, result=found)
        await stage.jobs.repository.change_job(session, job_id, step)
    return row


async def test_what_was_fetched_for_a_cancelled_job_goes_with_it(stage: Stage) -> None:
    row = await fetched(stage)
    async with stage.jobs.repository.transaction() as session:
        await stage.jobs.repository.change_job(session, row.job_id, workflow.cancelled)
        await stage.discards.discard_fetched(session, row.job_id)
    await stage.discards.step()
    (request,) = stage.ingest.asked
    assert (request.owner, request.keys, request.asset_ids) == ("alice", [], [asset().asset_id])
    assert await execute(stage.jobs.database.url, "SELECT * FROM jobs.results") == []
    async with stage.jobs.repository.transaction() as session:  # cancelled twice
        await stage.discards.discard_fetched(session, row.job_id)
    assert await stage.noted() == 0


async def test_what_was_fetched_too_late_goes_too(stage: Stage) -> None:
    row = await fetched(stage)
    await execute(stage.jobs.database.url, "DELETE FROM jobs.results")
    await execute(stage.jobs.database.url, "UPDATE jobs.tasks SET state = 'cancelled'")
    await stage.discards.discard(row.task_id, result=FetchResult(asset=asset(owner="alice")))
    await stage.discards.step()
    assert stage.ingest.asked[0].asset_ids == [asset().asset_id]


async def test_jobs_of_stored_videos_lose_nothing(stage: Stage) -> None:
    task = await stage.out(kind=EnhanceSpec)
    await stage.cancel(task)
    async with stage.jobs.repository.transaction() as session:
        await stage.discards.discard_fetched(session, task.job_id)
    assert await stage.noted() == 0
