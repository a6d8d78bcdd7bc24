"""The end of sessions: closed, expired or half closed, nothing of them is left."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import JobState
from libs.contracts.sessions import GET_SESSION, GetSession
from tests.chassis.sessions import NOW, House, WatchedJobs

pytestmark = pytest.mark.anyio


async def put(house: House, tmp_path: Path, key: str) -> None:
    (tmp_path / "late").write_bytes(b"late")
    await house.storage.put_file(key, tmp_path / "late", "image/jpeg")


async def rows(house: House) -> int:
    return len(await house.sql("SELECT * FROM sessions.sessions"))


async def test_closing_stops_the_work_and_removes_everything(
    house: House, clip: Path, tmp_path: Path
) -> None:
    await house.replica()
    opened = await house.open(clip)
    session_id = opened.session.session_id
    photo = await house.make(session_id)
    await put(house, tmp_path, f"sessions/{session_id}/x/photo.MP.jpg")
    await house.close(session_id)
    assert [(await house.job(job)).state for job in (opened.job, photo)] == [JobState.CANCELLED] * 2
    assert await house.nothing_left()
    for again in (house.close(session_id), house.make(session_id), house.thumbnail(session_id, 1)):
        with pytest.raises(NotFoundError):
            await again


async def test_closing_one_leaves_the_others(house: House, clip: Path) -> None:
    await house.replica()
    first, second = await house.open(clip), await house.open(clip)
    await house.close(first.session.session_id)
    assert (await house.job(second.job)).state is JobState.PENDING
    assert await house.left() == (1, 1, 0, 1)
    assert await house.objects() == [row["key"] for row in await house.sql("SELECT key FROM ingest.assets")]


async def test_two_who_close_at_once_are_one_that_did(house: House, clip: Path) -> None:
    await house.replica()
    await house.replica()
    session_id = (await house.open(clip)).session.session_id
    answers = await asyncio.gather(*(house.close(session_id) for _ in range(6)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["NoneType", *["NotFoundError"] * 5]
    assert await house.nothing_left()


async def test_an_unfinished_upload_to_a_noted_key_goes_too(house: House, clip: Path) -> None:
    """What a worker leaves that is killed while it stores something large."""
    replica = await house.replica()
    session_id = (await house.open(clip)).session.session_id
    key = f"sessions/{session_id}/x/preview.mp4"
    await replica.repository.note(session_id, key)
    house.storage._client._create_multipart_upload(house.s3.s3_bucket, key, {})
    assert await house.storage.unfinished_uploads(key) == 1
    await house.close(session_id)
    assert await house.storage.unfinished_uploads(key) == 0


async def test_an_expired_session_is_gone_before_anybody_sweeps(house: House, clip: Path) -> None:
    await house.replica()
    session_id = (await house.open(clip)).session.session_id
    await house.expire(session_id)
    for call in (
        house.make(session_id),
        house.thumbnail(session_id, 0),
        house.close(session_id),
        house.edge.call(GET_SESSION, GetSession(session_id=session_id)),
    ):
        with pytest.raises(NotFoundError):
            await call


async def test_a_sweep_ends_what_has_expired_and_nothing_else(house: House, clip: Path) -> None:
    replica = await house.replica()
    old, new = await house.open(clip), await house.open(clip)
    await house.expire(old.session.session_id)
    await replica.cleaner.sweep()
    assert (await house.job(old.job)).state is JobState.CANCELLED
    assert (await house.job(new.job)).state is JobState.PENDING
    assert await house.left() == (1, 1, 0, 1)
    await house.close(new.session.session_id)
    assert await house.nothing_left()


async def test_two_replicas_sweep_each_session_once(house: House, clip: Path) -> None:
    replicas = [await house.replica() for _ in range(3)]
    for _ in range(6):
        await house.expire((await house.open(clip)).session.session_id)
    watched = [WatchedJobs(replica.bus) for replica in replicas]
    sweepers = [replica.sweeper(jobs) for replica, jobs in zip(replicas, watched, strict=True)]
    await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers))
    swept = [session_id for jobs in watched for session_id in jobs.seen]
    assert len(swept) == len(set(swept)) == 6
    assert await house.nothing_left()


async def test_a_close_without_storage_is_finished_by_the_sweep(house: House, clip: Path) -> None:
    """To its owner the session is gone at once."""
    dead = house.s3.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    broken = await house.replica(s3=dead)
    opened = await house.open(clip)
    session_id = opened.session.session_id
    await house.close(session_id)
    assert await house.left() == (1, 1, 0, 0)
    with pytest.raises(NotFoundError):
        await house.close(session_id)
    await broken.bus.stop()
    whole = await house.replica()
    await whole.cleaner.sweep()  # somebody may be at it still
    assert await house.left() == (1, 1, 0, 0)
    await whole.sweeper(lease=NOW).sweep()
    assert await house.nothing_left()


async def test_a_close_whose_replica_died_is_finished_by_the_sweep(house: House, clip: Path) -> None:
    replica = await house.replica()
    opened = await house.open(clip)
    await replica.repository.close(opened.session.session_id, opened.session.owner)
    await replica.sweeper(lease=NOW).sweep()
    assert (await house.job(opened.job)).state is JobState.CANCELLED
    assert await house.nothing_left()


async def test_what_comes_late_goes_with_the_tombstone(house: House, clip: Path, tmp_path: Path) -> None:
    replica = await house.replica()
    session_id = (await house.open(clip)).session.session_id
    await house.close(session_id)
    await put(house, tmp_path, f"sessions/{session_id}/x/preview.mp4")
    await replica.sweeper().sweep()
    assert (await rows(house), len(await house.objects())) == (1, 1)  # not its time yet
    await replica.sweeper(tombstone=NOW).sweep()
    assert (await rows(house), await house.objects()) == (0, [])


async def test_a_tombstone_is_looked_after_at_growing_intervals(
    house: House, clip: Path, tmp_path: Path
) -> None:
    replica = await house.replica()
    session_id = (await house.open(clip)).session.session_id
    await house.close(session_id)
    key = f"sessions/{session_id}/x/preview.mp4"
    shift = "UPDATE sessions.sessions SET closed_at = now() - $1::interval, cleaned_at = now() - $2::interval"
    seen = []
    for closed, cleaned in ((60, 40), (60, 29), (60, 31), (12, 8), (12, 11)):
        await house.sql(shift, timedelta(seconds=closed), timedelta(seconds=cleaned))
        await put(house, tmp_path, key)
        await replica.sweeper(look=timedelta(seconds=10)).sweep()
        seen.append(not await house.objects())
    assert seen == [True, False, True, False, True]
    assert await rows(house) == 1


async def test_a_session_that_cannot_be_swept_does_not_stop_the_rest(house: House, clip: Path) -> None:
    replica = await house.replica()
    for _ in range(3):
        await house.expire((await house.open(clip)).session.session_id)
    jobs = WatchedJobs(replica.bus, failures=1)
    with pytest.raises(NotFoundError):
        await replica.sweeper(jobs).sweep()
    assert len(set(jobs.seen)) == len(jobs.seen) == 3
    assert (await house.left())[0] == 1
    await replica.sweeper(lease=NOW).sweep()
    assert await house.nothing_left()


async def test_a_sweep_in_which_all_fail_ends(house: House, clip: Path) -> None:
    replica = await house.replica()
    for _ in range(2):
        await house.expire((await house.open(clip)).session.session_id)
    jobs = WatchedJobs(replica.bus, failures=99)
    with pytest.raises(NotFoundError):
        await replica.sweeper(jobs, lease=NOW).sweep()
    assert len(jobs.seen) <= 2


async def test_closing_races_making(house: House, clip: Path) -> None:
    """Whoever wins, no job and no task of a closed session goes on."""
    await house.replica()
    await house.replica()
    for turn in range(8):
        session_id = (await house.open(clip)).session.session_id
        calls = [house.make(session_id, speed=1 + step / 10) for step in range(3)]
        await asyncio.gather(*calls, late(house, session_id, turn), return_exceptions=True)
        with pytest.raises(NotFoundError):
            await house.make(session_id)
        assert await house.left() == (0, 0, 0, 0)
    assert await house.objects() == []


async def late(house: House, session_id: UUID, turn: int) -> None:
    await asyncio.sleep(turn * 0.004)
    await house.close(session_id)
