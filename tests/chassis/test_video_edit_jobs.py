"""Video edits through jobs and ingest: fetched, planned, cancelled at every stage, and nothing left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from libs.contracts.errors import InvalidInputError, NotFoundError, TooManyRequestsError
from libs.contracts.jobs import Job, JobState, VideoEditSpec
from libs.contracts.rpc import (
    GET_DETAILS,
    GET_JOB,
    LIST_JOBS,
    SUBMIT_JOBS,
    GetDetails,
    GetJob,
    JobDetails,
    JobList,
    JobPage,
    ListJobs,
    OwnedJob,
    Submission,
    SubmitJobs,
)
from libs.contracts.tasks import (
    TASK_COMPLETED,
    TASK_STOPPED,
    EditAnalysisTask,
    RenderResult,
    Task,
    TaskCompleted,
    TaskStopped,
)
from reelbus.stack.setup import ensure_bucket
from services.analyze import app as analyze
from services.analyze.settings import AnalyzeSettings
from services.transcode import app as transcode
from services.transcode.settings import TranscodeSettings
from tests.chassis.buses import Inbox, until
from tests.chassis.hostile import Server, Stays, answer, fetcher
from tests.chassis.servers import KEY, SECRET, Juicefs, Nats
from tests.chassis.shop import OWNER, WANTED, Shop
from tests.unit.samples import info

pytestmark = pytest.mark.anyio
ENDLESS = Stays(answer(b"", "Content-Type: video/mp4"), b"x" * 1000, 0.01)


@pytest.fixture
async def server(clip: Path) -> AsyncIterator[Server]:
    pages: dict[str, bytes | Stays] = {
        "/clip.mp4": answer(clip.read_bytes(), "Content-Type: video/mp4"),
        "/text.mp4": answer(b"no video at all"),
        "/endless.mp4": ENDLESS,
        "/away.mp4": answer(status="503 Service Unavailable"),
    }
    async with Server(pages).running() as server:
        yield server


@pytest.fixture
async def shop(
    nats: Nats, database_url: str, juicefs: Juicefs, tmp_path: Path, server: Server
) -> AsyncIterator[Shop]:
    settings = juicefs.settings(f"shop-{uuid4().hex[:8]}")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, settings.s3_bucket)
    async with Shop(nats, database_url, settings, tmp_path / "scratch", fetcher(server)) as shop:
        yield shop


def url(server: Server, path: str = "/clip.mp4") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


async def reached(shop: Shop, job: Job, name: str, state: str) -> None:
    async def there() -> bool:
        return (await shop.states(job)).get(name) == state

    await until(there)


# --- stages ---------------------------------------------------------------------------------------


async def test_what_is_at_a_url_is_fetched_and_goes_on(shop: Shop, server: Server, clip: Path) -> None:
    work = Inbox()
    await shop.tasks_of("analyze", work)
    job = await shop.edit(url(server), msgspec.structs.replace(WANTED, fit="crop"))
    await work.filled(1)
    task: Any = work.got[0][0]
    assert isinstance(task.spec, EditAnalysisTask)
    assert await shop.storage.get_bytes(task.spec.source.key, max_size=10**7) == clip.read_bytes()
    assert await shop.states(job) == {"fetch": "completed", "look": "released", "main": "blocked"}
    (row,) = await shop.sql("SELECT owner FROM ingest.assets")
    assert row["owner"] == OWNER


async def test_a_url_becomes_a_video_of_exactly_that_size(shop: Shop, server: Server) -> None:
    """With the real workers."""
    await shop.start(analyze.compose, AnalyzeSettings)
    await shop.start(transcode.compose, TranscodeSettings)
    job = await shop.ended(await shop.edit(url(server), msgspec.structs.replace(WANTED, lufs=-14.0)))
    assert job.error is None
    assert isinstance(job.result, RenderResult)
    video = job.result.info.video
    assert video is not None
    assert (video.width, video.height, video.codec) == (96, 128, "h264")
    assert job.result.artifact.key.endswith("/output.mp4")
    assert (await shop.storage.stat(job.result.artifact.key)).size == job.result.artifact.size


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/text.mp4", "media_error"),
        ("/missing.mp4", "invalid_input"),
        ("http://169.254.169.254/latest", "invalid_input"),
        ("ftp://example.com/a.mp4", "invalid_input"),
    ],
)
async def test_what_cannot_be_fetched_fails_in_words_and_leaves_nothing(
    shop: Shop, server: Server, target: str, code: str
) -> None:
    server.answers["/missing.mp4"] = answer(status="404 Not Found")
    job = await shop.ended(await shop.edit(url(server, target) if target.startswith("/") else target))
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.code == code
    assert "169.254" not in job.error.message
    await until(shop.nothing_left)


async def test_a_server_that_is_away_is_asked_some_times(shop: Shop, server: Server) -> None:
    job = await shop.ended(await shop.edit(url(server, "/away.mp4")))
    assert job.error is not None
    assert job.error.code == "invalid_input"
    assert len(server.requests) == 3


# --- cancelled ------------------------------------------------------------------------------------


async def test_a_cancelled_download_ends_and_leaves_nothing(shop: Shop, server: Server) -> None:
    job = await shop.edit(url(server, "/endless.mp4"))
    await until(lambda: server.requests)
    assert (await shop.cancel(job)).state is JobState.CANCELLED
    await until(shop.nothing_left)


async def test_what_was_fetched_goes_when_the_job_is_cancelled(shop: Shop, server: Server) -> None:
    job = await shop.edit(url(server), msgspec.structs.replace(WANTED, fit="crop"))
    await reached(shop, job, "fetch", "completed")
    assert not await shop.nothing_left()
    await shop.cancel(job)
    await until(shop.nothing_left)
    assert (await shop.cancel(job)).state is JobState.CANCELLED


async def rendering(shop: Shop, clip: Path) -> tuple[Job, Task]:
    """A job whose video is being made, and the task."""
    work = Inbox()
    await shop.tasks_of("transcode", work)
    job = await shop.edit(await shop.stored(clip))
    await work.filled(1)
    task: Any = work.got[0][0]
    assert await shop.claim(task.task_id)
    return job, task


async def results(shop: Shop) -> list[str]:
    return await shop.storage.keys("results/")


async def removed(shop: Shop) -> None:
    async def gone() -> bool:
        return await results(shop) == [] and (await shop.left())["discards"] == 0

    await until(gone)


async def completed(shop: Shop, task: Task) -> RenderResult:
    """What a worker tells that did not hear of the cancel."""
    result = RenderResult(artifact=await shop.artifact(task.fingerprint), info=info())
    message = TaskCompleted(
        task_id=task.task_id, job_id=task.job_id, fingerprint=task.fingerprint, result=result
    )
    await shop.edge.publish(TASK_COMPLETED, message, message_id=f"{task.task_id}.completed.1")
    return result


async def test_a_video_that_is_made_too_late_is_removed_and_not_remembered(shop: Shop, clip: Path) -> None:
    job, task = await rendering(shop, clip)
    await shop.cancel(job)
    await completed(shop, task)
    await removed(shop)
    assert await shop.sql("SELECT * FROM jobs.results WHERE fingerprint = $1", task.fingerprint) == []
    assert (await shop.detail(job)).job.state is JobState.CANCELLED


async def test_what_a_stopped_worker_stored_is_removed(shop: Shop, clip: Path) -> None:
    job, task = await rendering(shop, clip)
    stored = await shop.artifact(task.fingerprint)
    await shop.cancel(job)
    message = TaskStopped(
        task_id=task.task_id, job_id=task.job_id, fingerprint=task.fingerprint, keys=[stored.key]
    )
    await shop.edge.publish(TASK_STOPPED, message, message_id="stopped")
    await removed(shop)


async def test_what_a_dead_worker_stored_is_removed_when_the_task_comes_again(shop: Shop, clip: Path) -> None:
    job, task = await rendering(shop, clip)
    await shop.artifact(task.fingerprint)
    await shop.cancel(job)
    assert len(await results(shop)) == 1
    assert not await shop.claim(task.task_id)
    await removed(shop)


async def test_the_same_edit_again_waits_for_the_removal_and_keeps_its_video(shop: Shop, clip: Path) -> None:
    source = await shop.stored(clip)
    work = Inbox()
    await shop.tasks_of("transcode", work)
    job = await shop.edit(source)
    await work.filled(1)
    task: Any = work.got[0][0]
    assert await shop.claim(task.task_id)
    await shop.cancel(job)
    await completed(shop, task)
    again = await shop.edit(source)
    await work.filled(2)
    second: Any = work.got[1][0]
    assert (second.job_id, second.fingerprint) == (again.job_id, task.fingerprint)
    assert await shop.claim(second.task_id)
    result = await completed(shop, second)
    ended = await shop.ended(again)
    assert (ended.state, ended.result) == (JobState.COMPLETED, result)
    await asyncio.sleep(0.5)
    assert await results(shop) == [result.artifact.key]


# --- calls ----------------------------------------------------------------------------------------


async def test_jobs_are_listed_and_shown_to_their_owner(shop: Shop, clip: Path) -> None:
    source = await shop.stored(clip)
    made = [await shop.edit(source, key=str(number)) for number in range(3)]
    page: JobPage = await shop.edge.call(LIST_JOBS, ListJobs(owner=OWNER, family="jobs", limit=2))
    assert (page.total, [job.job_id for job in page.jobs]) == (3, [job.job_id for job in made[:0:-1]])
    detail = await shop.detail(made[0])
    assert detail.spec.given == {"input_path": "a file"}  # type: ignore[union-attr]  # known to be an edit
    with pytest.raises(NotFoundError):
        await shop.edge.call(GET_JOB, GetJob(job_id=made[0].job_id, owner="bob"))
    asked = [(made[0], OWNER), (made[0], "bob"), (made[1], "bob"), (made[2], OWNER)]
    request = GetDetails(jobs=[OwnedJob(job_id=job.job_id, owner=owner) for job, owner in asked])
    found: JobDetails = await shop.edge.call(GET_DETAILS, request)
    assert {each.job.job_id for each in found.details} == {made[0].job_id, made[2].job_id}
    assert detail in found.details
    with pytest.raises(InvalidInputError):
        await shop.edge.call(GET_DETAILS, GetDetails(jobs=[*request.jobs] * 3))
    for limit, offset in ((0, 0), (101, 0), (1, -1)):
        wrong = ListJobs(owner=OWNER, family="jobs", limit=limit, offset=offset)
        with pytest.raises(InvalidInputError):
            await shop.edge.call(LIST_JOBS, wrong)


async def test_nobody_has_too_many_unfinished_jobs(shop: Shop, clip: Path) -> None:
    """Ended ones do not count, nor those of others, nor a known key."""
    source = await shop.stored(clip)
    made = [await shop.edit(source, key=str(number)) for number in range(2)]
    spec = VideoEditSpec(wanted=WANTED, source=source)

    async def more(owner: str, key: str) -> JobList:
        request = SubmitJobs(
            owner=owner, family="jobs", submissions=[Submission(key=key, spec=spec)], max_unfinished=2
        )
        found: JobList = await shop.edge.call(SUBMIT_JOBS, request)
        return found

    with pytest.raises(TooManyRequestsError) as refused:
        await more(OWNER, "2")
    assert refused.value.details == {"retry_after": 30, "limit": 2}
    assert (await more(OWNER, "1")).jobs[0].job_id == made[1].job_id
    assert (await more("bob", "2")).jobs[0].owner == "bob"
    await shop.cancel(made[0])
    assert (await more(OWNER, "2")).jobs[0].owner == OWNER
