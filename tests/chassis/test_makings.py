"""Movies through jobs and ingest: how far they are, how they are found, and what goes with them."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.contracts.base import utcnow
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.jobs import ComposeSpec, Job, JobState, StepState
from libs.contracts.movie import Element, Movie, Scene
from libs.contracts.movies import (
    COUNT_JOBS,
    GET_MAKING,
    LIST_MAKINGS,
    REMOVE_RESULT,
    CountJobs,
    GetMaking,
    JobCounts,
    ListMakings,
    Making,
    Makings,
    RemoveResult,
)
from libs.contracts.tasks import SERVICE_OF, ListenResult, ListenTask, RenderResult, RenderTask, Task
from reelbus.stack.setup import ensure_bucket
from services.jobs import rows
from tests.chassis.buses import Inbox, until
from tests.chassis.hostile import Server, answer, fetcher
from tests.chassis.servers import KEY, SECRET, Juicefs, Nats
from tests.chassis.shop import MOVIES, OWNER, Shop
from tests.unit.samples import info

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    voice = tmp_path / "voice.wav"
    made = ["-f", "lavfi", "-i", "sine=440:d=1", str(voice)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *made], check=True, timeout=60)
    pages = {
        "/voice.wav": answer(voice.read_bytes(), "Content-Type: audio/wav"),
        "/text.wav": answer(b"no sound at all"),
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


def spoken(server: Server, path: str = "/voice.wav", scenes: int = 2) -> Movie:
    url = f"http://127.0.0.1:{server.port}{path}"
    said = [Element(kind="audio", path=f"scenes[{number}].elements[0]", url=url) for number in range(scenes)]
    return Movie(scenes=[Scene(elements=[each]) for each in said], width=64, height=36)


def coloured(background: str = "#FF0000") -> Movie:
    return Movie(scenes=[Scene(duration=1.0)], width=64, height=36, background=background)


async def making(shop: Shop, job: Job, owner: str = OWNER, family: str = MOVIES) -> Making:
    found: Making = await shop.edge.call(GET_MAKING, GetMaking(job_id=job.job_id, owner=owner, family=family))
    return found


async def listed(shop: Shop, **asked: Any) -> Makings:
    found: Makings = await shop.edge.call(
        LIST_MAKINGS, ListMakings(**{"owner": OWNER, "family": MOVIES, **asked})
    )
    return found


async def remove(shop: Shop, job: Job, owner: str = OWNER, family: str = MOVIES) -> Making:
    request = RemoveResult(job_id=job.job_id, owner=owner, family=family)
    found: Making = await shop.edge.call(REMOVE_RESULT, request)
    return found


async def steps(shop: Shop, job: Job) -> dict[str, StepState]:
    return {step.name: step.state for step in (await making(shop, job)).steps}


async def workers(shop: Shop) -> tuple[Inbox, Inbox]:
    """Those who would listen, and those who would render."""
    listen, render = Inbox(), Inbox()
    both = SERVICE_OF[ListenTask], SERVICE_OF[RenderTask]
    for service, work in zip(both, (listen, render), strict=True):
        await shop.tasks_of(service, work)
    return listen, render


async def rendered(shop: Shop, render: Inbox, number: int = 0) -> tuple[Task, RenderResult]:
    """Let a task be worked on."""
    await render.filled(number + 1)
    task: Any = render.got[number][0]
    assert await shop.claim(task.task_id)
    result = RenderResult(artifact=await shop.artifact(task.fingerprint, task.spec.file_name), info=info())
    await shop.completed(task, result)
    return task, result


# --- step by step ----------------------------------------------------------------------------------


async def test_a_movie_is_made_step_by_step(shop: Shop, server: Server) -> None:
    listen, render = await workers(shop)
    job = await shop.compose(spoken(server))
    await listen.filled(1)
    assert len(server.requests) == 1
    assert await steps(shop, job) == {
        "fetch.0": StepState.COMPLETED,
        "listen.0": StepState.PENDING,
        "listen.1": StepState.PENDING,
        "main": StepState.PENDING,
    }
    heard: Any = listen.got[0][0]
    await shop.claim(heard.task_id)
    await shop.completed(heard, ListenResult(duration=1.02))
    await render.filled(1)
    assert len(listen.got) == 1  # both are the same
    before = await making(shop, job)
    assert isinstance(before.spec, ComposeSpec)
    assert before.ready_at is None  # nobody knows how long it takes
    assert before.completed_at is None
    _, result = await rendered(shop, render)
    ended = await shop.ended(job)
    assert (ended.state, ended.result) == (JobState.COMPLETED, result)
    after = await making(shop, job)
    assert after.ready_at is None
    assert after.completed_at is not None
    assert {step.state for step in after.steps} == {StepState.COMPLETED}
    for step in after.steps:
        assert (step.result is None) == step.name.startswith("fetch."), step.name
        assert step.started_at is not None
        assert step.ended_at is not None
        assert step.started_at <= step.ended_at <= after.completed_at
        assert step.seconds >= 0


async def test_what_is_known_takes_no_time_and_tells_when_others_are_ready(shop: Shop) -> None:
    _, render = await workers(shop)
    first = await shop.compose(coloured())
    await rendered(shop, render)
    await shop.ended(first)
    again = await shop.compose(coloured())
    assert (await shop.ended(again)).state is JobState.COMPLETED
    (step,) = (await making(shop, again)).steps
    assert (step.known, step.seconds, step.fraction) == (True, 0.0, 1.0)
    assert not (await making(shop, first)).steps[0].known
    other = await shop.compose(coloured("#00FF00"))
    await render.filled(2)
    task: Any = render.got[1][0]
    assert await shop.claim(task.task_id)

    async def estimated() -> bool:
        found = await making(shop, other)
        return found.ready_at is not None and found.ready_at > found.job.created_at

    await until(estimated)


async def test_what_cannot_be_fetched_fails_the_movie_and_names_the_element(
    shop: Shop, server: Server
) -> None:
    job = await shop.ended(await shop.compose(spoken(server, "/text.wav")))
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert "scenes[0].elements[0]" in job.error.message
    await until(shop.nothing_left)


async def test_what_was_fetched_goes_when_the_movie_is_cancelled(shop: Shop, server: Server) -> None:
    job = await shop.compose(spoken(server))

    async def fetched() -> bool:
        return (await steps(shop, job))["fetch.0"] is StepState.COMPLETED

    await until(fetched)
    assert not await shop.nothing_left()
    await shop.cancel(job)
    await until(shop.nothing_left)
    assert (await steps(shop, job))["main"] is StepState.CANCELLED


# --- found, counted, removed ------------------------------------------------------------------------


async def test_a_making_is_its_owners_and_its_familys(shop: Shop) -> None:
    _, render = await workers(shop)
    job = await shop.compose(coloured())
    await rendered(shop, render)
    await shop.ended(job)
    for owner, family in (("bob", MOVIES), (OWNER, "jobs")):
        with pytest.raises(NotFoundError):
            await making(shop, job, owner, family)
        with pytest.raises(NotFoundError):
            await remove(shop, job, owner, family)
        assert (await listed(shop, owner=owner, family=family)).total == 0


async def test_makings_are_listed_by_state_and_time(shop: Shop) -> None:
    _, render = await workers(shop)
    made = await shop.compose(coloured())
    await rendered(shop, render)
    await shop.ended(made)
    await shop.sql("UPDATE jobs.jobs SET created_at = created_at - interval '1 minute'")
    between = utcnow() - timedelta(seconds=30)
    waiting = await shop.compose(coloured("#00FF00"))
    gone = await shop.compose(coloured("#0000FF"))
    await shop.cancel(gone)

    async def ids(**asked: Any) -> list[str]:
        page = await listed(shop, **asked)
        names = {made.job_id: "made", waiting.job_id: "waiting", gone.job_id: "gone"}
        return [names[each.job.job_id] for each in page.makings]

    assert await ids() == ["gone", "waiting", "made"]
    assert await ids(limit=1, offset=1) == ["waiting"]
    assert await ids(states=[JobState.COMPLETED, JobState.CANCELLED]) == ["gone", "made"]
    assert await ids(states=[]) == []
    assert await ids(after=between) == ["gone", "waiting"]
    assert await ids(before=between) == ["made"]
    assert await ids(after=between - timedelta(hours=1), before=between) == ["made"]
    page = await listed(shop, limit=1)
    assert (page.total, page.makings[0].spec) == (3, None)
    kept = await listed(shop, kept=True)
    assert [isinstance(each.job.result, RenderResult) for each in kept.makings] == [True]
    assert (await listed(shop, states=[JobState.COMPLETED])).makings[0].job.result is None
    await remove(shop, made)
    assert await ids(kept=True) == []
    assert await ids(before=between) == ["made"]
    for limit, offset in ((0, 0), (101, 0), (1, -1)):
        with pytest.raises(InvalidInputError):
            await listed(shop, limit=limit, offset=offset)


async def test_what_is_removed_is_gone_once_and_fetched_files_with_it(shop: Shop, server: Server) -> None:
    listen, render = await workers(shop)
    job = await shop.compose(spoken(server, scenes=1))
    with pytest.raises(NotFoundError):
        await remove(shop, job)
    await listen.filled(1)
    heard: Any = listen.got[0][0]
    await shop.claim(heard.task_id)
    await shop.completed(heard, ListenResult(duration=1.0))
    await rendered(shop, render)
    await shop.ended(job)
    removed = await remove(shop, job)
    assert removed.removed_at is not None
    assert removed.job.state is JobState.COMPLETED
    await until(shop.nothing_left)
    assert await shop.sql("SELECT * FROM jobs.results") == []
    with pytest.raises(NotFoundError):
        await remove(shop, job)
    assert (await making(shop, job)).removed_at == removed.removed_at


async def test_what_another_movie_is_made_of_too_stays_until_that_goes(shop: Shop) -> None:
    _, render = await workers(shop)
    first = await shop.compose(coloured())
    _, result = await rendered(shop, render)
    await shop.ended(first)
    again = await shop.ended(await shop.compose(coloured(), owner="bob"))
    assert again.result == result
    await remove(shop, first)
    assert await shop.storage.keys("results/") == [result.artifact.key]
    assert (await making(shop, again, "bob")).job.result == result
    await remove(shop, again, "bob")
    await until(shop.nothing_left)
    anew = await shop.compose(coloured())
    await rendered(shop, render, 1)
    assert (await shop.ended(anew)).state is JobState.COMPLETED
    assert await shop.storage.keys("results/") == [result.artifact.key]


async def test_jobs_are_counted(shop: Shop) -> None:
    _, render = await workers(shop)
    made = [await shop.compose(coloured(each)) for each in ("#FF0000", "#00FF00", "#0000FF")]
    for number in range(2):
        await rendered(shop, render, number)
    ended = [job for job in made if job.job_id in {each[0].job_id for each in render.got[:2]}]  # type: ignore[attr-defined]  # an inbox holds any message
    for job in ended:
        await shop.ended(job)
    await shop.compose(coloured("#FFFFFF"), owner="bob")
    await shop.cancel(await shop.compose(coloured("#111111")))
    await shop.sql(
        "UPDATE jobs.jobs SET created_at = created_at - interval '100 seconds' WHERE job_id = $1",
        ended[0].job_id,
    )
    earlier = ", ".join(f"{name} = {name} - interval '3 days'" for name in ("created_at", "updated_at"))
    await shop.sql(f"UPDATE jobs.jobs SET {earlier} WHERE job_id = $1", ended[1].job_id)
    found: JobCounts = await shop.edge.call(COUNT_JOBS, CountJobs(family=MOVIES, owner=OWNER))
    assert found.states["completed"] == 2
    assert found.states["cancelled"] == 1
    assert found.states["pending"] + found.states["processing"] == 1
    assert found.today == {"completed": 1, "failed": 0, "cancelled": 1}
    counts = list(found.durations.values())
    assert list(found.durations) == ["10", "30", "60", "120", "300", "600", "1800", "3600", "+Inf"]
    assert counts == sorted(counts)
    assert (found.durations["60"], found.durations["300"], found.durations["+Inf"]) == (1, 2, 2)
    assert 100 <= found.duration_sum < 160
    everybody: JobCounts = await shop.edge.call(COUNT_JOBS, CountJobs(family=MOVIES))
    assert everybody.states["pending"] + everybody.states["processing"] == 2
    nobody: JobCounts = await shop.edge.call(COUNT_JOBS, CountJobs(family="jobs"))
    assert (set(nobody.states.values()), nobody.durations["+Inf"]) == ({0}, 0)


async def test_times_of_lists_are_the_whole_seconds_that_are_told(shop: Shop) -> None:
    """Who asks for what came after the newest that he was shown does not get that again."""
    made = [await shop.compose(coloured(each)) for each in ("#FF0000", "#00FF00", "#0000FF")]
    told = datetime(2026, 1, 1, tzinfo=UTC)
    for job, seconds in zip(made, (0.0, 0.75, 1.0), strict=True):
        moved = "UPDATE jobs.jobs SET created_at = $2 WHERE job_id = $1"
        await shop.sql(moved, job.job_id, told + timedelta(seconds=seconds))
    numbers = {job.job_id: number for number, job in enumerate(made)}

    async def found(**asked: Any) -> list[int]:
        page = await listed(shop, **asked)
        assert page.total == len(page.makings)
        return [numbers[each.job.job_id] for each in page.makings]

    assert await found(after=told) == [2]
    assert await found(after=told + timedelta(seconds=0.5)) == [2]
    assert await found(after=told - timedelta(seconds=0.5)) == [2, 1, 0]
    assert await found(after=told + timedelta(seconds=1)) == []
    assert await found(before=told) == []
    assert await found(before=told + timedelta(seconds=0.5)) == [1, 0]
    assert await found(before=told + timedelta(seconds=1)) == [1, 0]
    assert await found(before=told + timedelta(seconds=1.5)) == [2, 1, 0]
    last = datetime(9999, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)
    assert (await found(after=last), await found(before=last)) == ([], [2, 1, 0])


async def test_a_step_that_no_message_can_hold_fails_its_movie(
    shop: Shop, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is known only when the files are there."""
    monkeypatch.setattr(rows, "MAX_PAYLOAD", 700)
    ended = await shop.ended(await shop.compose(spoken(server)))
    assert ended.state is JobState.FAILED
    assert ended.error is not None
    assert "too much to be done at once" in ended.error.message


async def test_a_list_tells_one_step_of_each_kind_and_state(shop: Shop, server: Server) -> None:
    job = await shop.compose(spoken(server, scenes=9))
    (making,) = (await listed(shop)).makings
    told = [(step.name.partition(".")[0], step.state) for step in making.steps]
    assert making.job.job_id == job.job_id
    assert len(told) == len(set(told)) < 9
    assert told[-1] == ("main", StepState.PENDING)
