"""Pages of an owner's jobs, and one job with what it was asked to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import EnhanceSpec, Job, JobState
from libs.contracts.rpc import JobPage, ListJobs
from services.jobs import workflow
from services.jobs.results import remember_result
from tests.chassis.databases import Jobs, execute, opened
from tests.unit.samples import result

pytestmark = pytest.mark.anyio


@pytest.fixture
async def jobs(database_url: str) -> AsyncIterator[Jobs]:
    async with opened(database_url) as database:
        yield Jobs(database)


async def page(jobs: Jobs, owner: str = "alice", **changes: Any) -> JobPage:
    fields: dict[str, Any] = {"family": "enhancement", **changes}
    return await jobs.repository.page(ListJobs(owner=owner, **fields))


def ids(found: JobPage) -> list[UUID]:
    return [job.job_id for job in found.jobs]


async def test_the_newest_come_first_page_by_page(jobs: Jobs) -> None:
    made = [(await jobs.submit(owner="alice"))[0] for _ in range(7)]
    newest = made[::-1]
    first = await page(jobs, limit=3)
    assert (first.total, ids(first)) == (7, newest[:3])
    pages = [await page(jobs, limit=3, offset=offset) for offset in (3, 6, 9)]
    assert [ids(each) for each in pages] == [newest[3:6], newest[6:], []]
    assert [each.total for each in pages] == [7, 7, 7]


async def test_jobs_of_the_same_moment_have_an_order(jobs: Jobs, database_url: str) -> None:
    await jobs.submit(9, owner="alice")
    await execute(database_url, "UPDATE jobs.jobs SET created_at = '2026-01-01Z'")
    whole = ids(await page(jobs, limit=9))
    parts = [await page(jobs, limit=2, offset=offset) for offset in range(0, 10, 2)]
    assert [job_id for each in parts for job_id in ids(each)] == whole
    assert len(set(whole)) == 9


async def test_others_and_other_families_are_not_in_it(jobs: Jobs) -> None:
    (mine,) = await jobs.submit(owner="alice")
    await jobs.submit(owner="bob")
    await jobs.send(msgspec.structs.replace(jobs.request(owner="alice"), family="motion-photo"))
    found = await page(jobs)
    assert (found.total, ids(found)) == (1, [mine])


async def test_states_are_counted_apart(jobs: Jobs) -> None:
    one, two, three = await jobs.submit(3, owner="alice")
    for job_id in (one, three):
        await jobs.repository.change((await jobs.task_of(job_id)).task_id, workflow.cancelled)
    gone = await page(jobs, states=[JobState.CANCELLED])
    assert (gone.total, sorted(ids(gone))) == (2, sorted([one, three]))
    assert ids(await page(jobs, states=[JobState.PENDING])) == [two]
    assert (await page(jobs, states=[JobState.PENDING, JobState.CANCELLED])).total == 3
    assert (await page(jobs, states=[])).total == 0


async def test_pages_come_without_results(jobs: Jobs) -> None:
    (first,) = await jobs.submit(owner="alice", content=1)
    task = await jobs.task_of(first)
    async with jobs.repository.transaction() as session:
        await remember_result(session, task.fingerprint, result())
    await jobs.submit(owner="alice", content=1)
    done: Job = (await page(jobs)).jobs[0]
    assert (done.state, done.result) == (JobState.COMPLETED, None)


async def test_a_page_of_many_jobs_is_found_by_an_index(jobs: Jobs, database_url: str) -> None:
    copy = """
        INSERT INTO jobs.jobs (job_id, key, owner, family, kind, lane, state, progress, spec, created_at, updated_at)
        SELECT gen_random_uuid(), n::text, 'owner' || n % 50, 'enhancement', 'enhance', 'interactive', 'completed',
               100, '{}', now() - n * interval '1 second', now()
        FROM generate_series(1, 20000) n"""  # noqa: E501 (one statement)
    await execute(database_url, copy)
    await execute(database_url, "VACUUM ANALYZE jobs.jobs")
    plans = [
        await execute(database_url, f"EXPLAIN {query}")
        for query in (
            "SELECT count(*) FROM jobs.jobs WHERE owner = 'owner7' AND family = 'enhancement'"
            " AND state = 'completed'",
            "SELECT * FROM jobs.jobs WHERE owner = 'owner7' AND family = 'enhancement'"
            " ORDER BY created_at DESC, job_id DESC LIMIT 20",
        )
    ]  # fmt: skip
    for plan in plans:
        lines = "\n".join(row[0] for row in plan)
        assert "ix_jobs_owner_family_created_at" in lines, lines
        assert "Sort" not in lines, lines


async def test_a_job_comes_with_what_it_was_asked_to_do(jobs: Jobs) -> None:
    (job_id,) = await jobs.submit(owner="alice")
    found = await jobs.repository.detail(job_id, "alice")
    assert isinstance(found.spec, EnhanceSpec)
    assert found.spec.asset_id == found.job.asset_id
    assert (found.job.state, found.completed_at) == (JobState.PENDING, None)


async def test_its_end_has_a_time_that_stays(jobs: Jobs) -> None:
    (job_id,) = await jobs.submit(owner="alice")
    task_id = (await jobs.task_of(job_id)).task_id
    await jobs.repository.change(task_id, workflow.cancelled)
    first = await jobs.repository.detail(job_id, "alice")
    await asyncio.sleep(0.01)
    await jobs.repository.change(task_id, workflow.cancelled)
    assert first.completed_at is not None
    assert first.completed_at == (await jobs.repository.detail(job_id, "alice")).completed_at
    assert first.completed_at >= first.job.created_at


async def test_another_s_job_is_not_found(jobs: Jobs) -> None:
    (job_id,) = await jobs.submit(owner="alice")
    for wrong, owner in ((job_id, "bob"), (UUID(int=404), "alice")):
        with pytest.raises(NotFoundError):
            await jobs.repository.detail(wrong, owner)
