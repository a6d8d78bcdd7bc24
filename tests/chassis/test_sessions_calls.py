"""What sessions answers: opening, finding, making, and what it refuses."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from libs.contracts.errors import (
    InvalidInputError,
    MediaError,
    NotFoundError,
    OutOfRangeError,
    ReelbusError,
    UnavailableError,
)
from libs.contracts.jobs import JobState
from libs.contracts.sessions import GET_SESSION, OPEN_SESSION, GetSession, MotionSession, OpenSession
from libs.contracts.tasks import MotionPhotoTask, PreviewTask, Task
from services.sessions.repository import GONE
from tests.chassis.buses import running, until
from tests.chassis.sessions import OWNER, House
from tests.media.recipes import lavfi

pytestmark = pytest.mark.anyio


async def get(house: House, session_id: UUID, owner: str | None = OWNER) -> MotionSession:
    found: MotionSession = await house.edge.call(GET_SESSION, GetSession(session_id=session_id, owner=owner))
    return found


async def tasks(house: House) -> list[Task]:
    rows = await house.sql("SELECT payload FROM jobs.tasks ORDER BY created_at, task_id")
    return [msgspec.json.decode(row["payload"], type=Task) for row in rows]


async def out(house: House) -> bool:
    """Whether all tasks are released that may be."""
    rows = await house.sql("SELECT 1 FROM jobs.tasks WHERE state = 'released'")
    return len(rows) == 3


async def test_an_open_session_is_found_by_its_owner_and_by_its_id(house: House, clip: Path) -> None:
    await house.replica(session_expiry=3600)
    opened = await house.open(clip)
    session = opened.session
    assert (session.owner, session.name, round(session.duration, 2)) == (OWNER, "clip.mp4", 2.0)
    assert session.session_id.version == 4
    assert session.expires_at - session.created_at == timedelta(hours=1)
    assert await get(house, session.session_id) == session
    assert await get(house, session.session_id, None) == session


async def test_its_preview_is_a_job_of_its_channel(house: House, clip: Path) -> None:
    await house.replica(prepare_time_limit=77)
    opened = await house.open(clip)
    job, session_id = opened.job, opened.session.session_id
    assert (job.key, job.family, job.kind) == (f"preview/{session_id}", "motion-photo", "preview")
    assert (job.channel, job.owner, job.state) == (f"session/{session_id}", OWNER, JobState.PENDING)
    (task,) = await tasks(house)
    assert isinstance(task.spec, PreviewTask)
    assert (task.spec.session_id, task.time_limit) == (session_id, 77)


async def test_opening_the_same_video_again_is_the_same_session(house: House, clip: Path) -> None:
    """An answer may be lost on the way."""
    await house.replica()
    await house.replica()
    request = OpenSession(owner=OWNER, asset_id=(await house.upload(clip)).asset_id)
    answers = await asyncio.gather(*(house.edge.call(OPEN_SESSION, request) for _ in range(4)))
    assert len({answer.session.session_id for answer in answers}) == 1
    assert len({answer.job.job_id for answer in answers}) == 1
    assert len(await tasks(house)) == 1


async def test_who_is_not_the_owner_finds_nothing(house: House, clip: Path) -> None:
    await house.replica()
    session_id = (await house.open(clip, "motion:a")).session.session_id
    refused = [
        get(house, session_id),
        house.make(session_id),
        house.thumbnail(session_id, 1),
        house.close(session_id),
        get(house, uuid4()),
        house.close(uuid4(), "motion:a"),
    ]
    for call in refused:
        with pytest.raises(NotFoundError) as error:
            await call
        assert error.value.message == GONE
    assert (await get(house, session_id, "motion:a")).session_id == session_id


async def test_the_video_of_somebody_else_opens_nothing(house: House, clip: Path) -> None:
    await house.replica()
    asset = await house.upload(clip, "motion:a")
    with pytest.raises(NotFoundError):
        await house.edge.call(OPEN_SESSION, OpenSession(owner=OWNER, asset_id=asset.asset_id))
    assert await house.sql("SELECT * FROM sessions.sessions") == []


async def test_what_is_no_video_opens_nothing(house: House, tmp_path: Path) -> None:
    await house.replica()
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(MediaError):
        await house.open(tmp_path / "text.mp4")
    assert await house.sql("SELECT * FROM sessions.sessions") == []


@pytest.mark.parametrize(
    ("name", "options", "seconds"),
    [("raw.h264", "-c:v libx264 -f h264", 1.0), ("live.mkv", "-c:v libx264 -f matroska -live 1", 1.0),
     ("anim.gif", "", 1.0)],
)  # fmt: skip
async def test_a_video_that_does_not_say_how_long_it_is(
    house: House, tmp_path: Path, name: str, options: str, seconds: float
) -> None:
    lavfi("testsrc2=s=64x48:r=25:d=1", sound=None, then=options)(tmp_path / name, Path)
    await house.replica()
    opened = await house.open(tmp_path / name)
    assert abs(opened.session.duration - seconds) < 0.06


async def test_a_motion_photo_is_a_job_with_the_times_that_are_used(house: House, clip: Path) -> None:
    await house.replica(convert_time_limit=33)
    session_id = (await house.open(clip)).session.session_id
    job = await house.make(
        session_id, range_start=-0.01, range_end=2.04, cover_time=1.5, speed=0.5, device="samsung"
    )
    assert (job.kind, job.channel, job.owner) == ("motion_photo", f"session/{session_id}", OWNER)
    assert job.key.startswith("motion/")
    task = (await tasks(house))[-1]
    assert isinstance(task.spec, MotionPhotoTask)
    assert (task.spec.cover_time, task.spec.presentation_us, task.spec.device) == (1.5, 3_000_000, "samsung")
    assert (task.spec.session_id, task.time_limit) == (session_id, 33)


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"range_end": 2.1}, InvalidInputError, "INVALID_TIME_RANGE"),
        ({"range_start": 1.0, "range_end": 1.0}, InvalidInputError, "INVALID_TIME_RANGE"),
        ({"cover_time": 1.2}, InvalidInputError, "INVALID_TIME_RANGE"),
        ({"speed": 4.1}, OutOfRangeError, None),
        ({"speed": 0.2}, OutOfRangeError, None),
        ({"device": "nokia"}, InvalidInputError, None),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(
    house: House, clip: Path, changes: dict[str, Any], kind: type[ReelbusError], code: str | None
) -> None:
    await house.replica()
    session_id = (await house.open(clip)).session.session_id
    with pytest.raises(kind) as refused:
        await house.make(session_id, **changes)
    assert type(refused.value) is kind
    assert refused.value.details.get("error_code") == code
    assert len(await tasks(house)) == 1


async def test_a_session_for_which_there_is_no_room_leaves_nothing(house: House, clip: Path) -> None:
    await house.replica(session_waiting=3)
    for _ in range(2):  # as many are out as may be, and then as many wait
        for _ in range(3):
            await house.open(clip)
        await until(lambda: out(house))
    before = await house.left(), await house.objects()
    with pytest.raises(UnavailableError, match="waiting"):
        await house.open(clip)
    assert (await house.left(), await house.objects()) == before


async def test_a_session_without_jobs_leaves_nothing_but_a_row_to_sweep(house: House, clip: Path) -> None:
    """The jobs service is away while it is opened."""
    replica = await house.replica()
    asset = await house.upload(clip)
    await house.jobs_away()
    with pytest.raises(UnavailableError):
        await house.edge.call(OPEN_SESSION, OpenSession(owner=OWNER, asset_id=asset.asset_id))
    (row,) = await house.sql("SELECT session_id, closed_at, cleaned_at FROM sessions.sessions")
    assert row["closed_at"] is not None
    assert row["cleaned_at"] is None
    await house.jobs_back()
    await replica.sweeper(lease=timedelta(0)).sweep()
    assert await house.nothing_left()


async def test_calls_are_shared_by_replicas_and_survive_the_loss_of_one(house: House, clip: Path) -> None:
    await house.replica()
    other = await house.replica()
    session_id = (await house.open(clip)).session.session_id
    await other.bus.stop()
    assert (await get(house, session_id)).session_id == session_id
    async with running(house.nats, service="edge"):
        assert (await house.make(session_id)).kind == "motion_photo"
