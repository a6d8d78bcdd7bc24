"""Previews, Motion Photos and thumbnails made by the service, by way of the real jobs service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import NotFoundError, OutOfRangeError
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import MotionPhotoResult, RenderResult
from libs.media.motionphoto import MotionPhoto, read
from services.sessions.shelf import Shelf
from tests.chassis.buses import until
from tests.chassis.sessions import House
from tests.media.looking import describe
from tests.media.numbered import numbered, numbers

pytestmark = pytest.mark.anyio


async def fetched(house: House, stored: ObjectRef, tmp_path: Path) -> Path:
    path = tmp_path / Path(stored.key).name
    await house.storage.get_file(stored.key, path)
    return path


async def photo_of(house: House, job: Job) -> MotionPhoto:
    assert isinstance(job.result, MotionPhotoResult)
    data = await house.storage.get_bytes(job.result.artifact.key, max_size=10**8)
    found = read(data)
    assert (found.width, found.height, found.video_size) == (
        job.result.width,
        job.result.height,
        job.result.video_size,
    )
    return found


def scratch(house: House) -> list[Path]:
    return [path for path in house.scratch.rglob("*") if path.is_file() and path.stat().st_size]


async def fingerprint(house: House, job: Job) -> str:
    (row,) = await house.sql("SELECT fingerprint FROM jobs.tasks WHERE job_id = $1", job.job_id)
    found: str = row["fingerprint"]
    return found


async def test_a_preview_is_made_and_kept_in_the_folder_of_its_session(
    house: House, clip: Path, tmp_path: Path
) -> None:
    await house.replica(work=True)
    opened = await house.open(clip)
    job = await house.ended(opened.job)
    assert isinstance(job.result, RenderResult), job.error
    stored = job.result.artifact
    session_id = opened.session.session_id
    assert stored.key == f"sessions/{session_id}/{await fingerprint(house, job)}/preview.mp4"
    assert stored.content_type == "video/mp4"
    path = await fetched(house, stored, tmp_path)
    streams = {stream["codec_type"]: stream for stream in describe(path)["streams"]}
    assert (streams["video"]["r_frame_rate"], streams["video"]["level"]) == ("30/1", 31)
    assert "audio" in streams
    shown = numbers(path)
    assert (shown[0], shown[-1], shown) == (0, 49, sorted(shown))
    assert scratch(house) == []
    await house.close(session_id)
    assert await house.nothing_left()


async def test_a_motion_photo_is_made_verified_and_kept(house: House, clip: Path, tmp_path: Path) -> None:
    await house.replica(work=True)
    session_id = (await house.open(clip)).session.session_id
    job = await house.ended(
        await house.make(session_id, range_start=0.4, range_end=1.6, cover_time=1.0, speed=2.0)
    )
    assert job.state is JobState.COMPLETED, job.error
    found = await photo_of(house, job)
    assert found.presentation_us == 300_000
    assert found.thumbnail is not None
    assert found.taken_at is not None
    (tmp_path / "clip.mp4").write_bytes(found.video)
    shown = numbers(tmp_path / "clip.mp4")
    assert set(shown) <= set(range(10, 40))
    assert abs(len(shown) - 15) <= 1
    assert isinstance(job.result, MotionPhotoResult)
    assert job.result.artifact.content_type == "image/jpeg"
    cover = await fetched(house, job.result.artifact, tmp_path)
    assert numbers(cover)[:1] == [25]
    assert scratch(house) == []


async def test_the_same_motion_photo_again_is_known_at_once(house: House, clip: Path) -> None:
    await house.replica(work=True)
    session_id = (await house.open(clip)).session.session_id
    first = await house.ended(await house.make(session_id))
    assert first.state is JobState.COMPLETED, first.error
    again = await house.make(session_id)
    assert again.job_id != first.job_id
    assert again.state is JobState.COMPLETED
    assert again.result == first.result
    other = await house.make(session_id, device="samsung")
    assert not other.state.terminal


async def test_another_session_of_the_same_bytes_makes_its_own(house: House, clip: Path) -> None:
    """What is removed with one session is no result of another."""
    await house.replica(work=True)
    first, second = await house.open(clip), await house.open(clip)
    made = [await house.ended(opened.job) for opened in (first, second)]
    keys = {job.result.artifact.key for job in made if isinstance(job.result, RenderResult)}
    assert len(keys) == 2
    await house.close(first.session.session_id)
    assert isinstance(made[1].result, RenderResult)
    assert (await house.storage.stat(made[1].result.artifact.key)).size == made[1].result.artifact.size


async def test_a_session_closed_in_mid_work_leaves_nothing(house: House, tmp_path: Path) -> None:
    await house.replica(work=True)
    long = numbered(tmp_path / "long.mp4", 1500)
    opened = await house.open(long)
    session_id = opened.session.session_id
    await until(lambda: scratch(house))
    await house.close(session_id)
    assert (await house.job(opened.job)).state is JobState.CANCELLED
    await until(lambda: not scratch(house))
    assert await house.nothing_left()


async def test_what_a_task_stores_after_the_end_is_removed_and_its_job_cancelled(
    house: House, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session expires between the first and the last byte."""
    await house.replica(work=True)
    whole = Shelf._kept

    async def late(self: Shelf, session_id: UUID, stored: ObjectRef) -> ObjectRef:
        await house.expire(session_id)
        return await whole(self, session_id, stored)

    monkeypatch.setattr(Shelf, "_kept", late)
    job = await house.ended((await house.open(clip)).job)
    assert job.state is JobState.CANCELLED
    assert await house.storage.keys("sessions/") == []


async def test_an_expired_session_stores_nothing(house: House, clip: Path) -> None:
    await house.replica()
    opened = await house.open(clip)
    await house.expire(opened.session.session_id)
    await house.replica(work=True)
    assert (await house.ended(opened.job)).state is JobState.CANCELLED
    assert await house.sql("SELECT * FROM sessions.artifacts") == []


async def test_a_worker_that_stops_hands_its_work_on_under_the_same_key(house: House, tmp_path: Path) -> None:
    """The next one stores under the key that the first has noted."""
    first = await house.replica(work=True, ack_wait=60.0)
    opened = await house.open(numbered(tmp_path / "long.mp4", 750))
    await until(lambda: scratch(house))
    await first.bus.stop()
    await house.replica(work=True, ack_wait=60.0)
    job = await house.ended(opened.job)
    assert isinstance(job.result, RenderResult), job.error
    notes = [row["key"] for row in await house.sql("SELECT key FROM sessions.artifacts")]
    assert notes == [job.result.artifact.key]
    assert await house.storage.keys("sessions/") == notes


async def test_the_service_as_it_is_composed_works_and_sweeps(house: House, clip: Path) -> None:
    async with house.service(sweep_interval=0.1) as health:
        health.started()
        assert await health.report() == (True, {"bus": "ok", "database": "ok", "storage": "ok"})
        opened = await house.open(clip)
        session_id = opened.session.session_id
        assert (await house.ended(opened.job)).state is JobState.COMPLETED
        assert (await house.thumbnail(session_id, 1)).size > 0
        await house.expire(session_id)
        await until(house.nothing_left)
    assert list(house.scratch.glob("*-*")) == []


# --- thumbnails ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("timestamp", "number"), [(0, 0), (1.0, 25), (1.019, 25), (1.0399, 26), (2.0, 49)])
async def test_a_thumbnail_is_the_frame_that_is_shown(
    house: House, clip: Path, tmp_path: Path, timestamp: float, number: int
) -> None:
    await house.replica()
    session_id = (await house.open(clip)).session.session_id
    stored = await house.thumbnail(session_id, timestamp)
    assert stored.key == f"sessions/{session_id}/thumbnails/{round(timestamp * 1000)}.jpg"
    assert stored.content_type == "image/jpeg"
    path = await fetched(house, stored, tmp_path)
    assert numbers(path) == [number]
    assert (await house.thumbnail(session_id, timestamp)).sha256 == stored.sha256
    assert scratch(house) == []
    await house.close(session_id)
    assert await house.nothing_left()


async def test_a_thumbnail_from_outside_of_the_video_is_refused(house: House, clip: Path) -> None:
    await house.replica()
    session_id = (await house.open(clip)).session.session_id
    for timestamp in (-0.1, 2.1):
        with pytest.raises(OutOfRangeError) as refused:
            await house.thumbnail(session_id, timestamp)
        assert refused.value.details == {"error_code": "INVALID_TIME_RANGE"}


async def test_thumbnails_beyond_the_queue_are_turned_away(house: House, clip: Path) -> None:
    await house.replica(thumbnail_lanes=1, thumbnail_waiting=2)
    session_id = (await house.open(clip)).session.session_id
    calls = [house.thumbnail(session_id, at / 10) for at in range(12)]
    answers: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
    made = [each for each in answers if isinstance(each, ObjectRef)]
    refused = [each for each in answers if not isinstance(each, ObjectRef)]
    assert len(made) >= 3
    assert {each.code for each in refused} == {"unavailable"}
    assert await house.storage.keys("sessions/") == sorted(each.key for each in made)


async def test_thumbnails_of_a_session_that_closes_leave_nothing(house: House, clip: Path) -> None:
    await house.replica()
    session_id = (await house.open(clip)).session.session_id

    async def close() -> None:
        await asyncio.sleep(0.15)
        await house.close(session_id)

    calls = [house.thumbnail(session_id, at / 10) for at in range(8)]
    answers = await asyncio.gather(*calls, close(), return_exceptions=True)
    assert {type(each) for each in answers} <= {ObjectRef, NotFoundError, type(None)}
    assert await house.nothing_left()
