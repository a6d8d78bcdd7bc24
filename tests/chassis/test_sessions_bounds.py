"""What a session refuses because nobody would wait for it, and what it does not do twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from libs.contracts.errors import InvalidInputError, MediaError
from services.sessions import motion_photo, thumbnails, work
from tests.chassis.sessions import House
from tests.media.recipes import lavfi

pytestmark = pytest.mark.anyio


async def test_a_preview_of_days_is_refused_before_it_takes_a_worker(house: House, tmp_path: Path) -> None:
    """A GIF of 30 pictures, ten minutes each."""
    path = tmp_path / "slow.gif"
    lavfi("testsrc2=s=16x16:r=1/600:d=18000", sound=None)(path, Path)
    await house.replica()
    with pytest.raises(MediaError, match="4 hours"):
        await house.open(path)
    assert await house.sql("SELECT * FROM sessions.sessions") == []
    assert await house.sql("SELECT * FROM jobs.jobs") == []


async def test_a_clip_that_nobody_would_wait_for_is_refused(
    house: House, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.replica()
    session_id = (await house.open(clip)).session.session_id
    monkeypatch.setattr(work, "MAX_CLIP_LENGTH", 3.0)
    await house.make(session_id, range_end=1.4, speed=0.5)
    with pytest.raises(InvalidInputError, match="would last 4") as refused:
        await house.make(session_id, range_end=2.0, speed=0.5)
    assert refused.value.details["error_code"] == "INVALID_TIME_RANGE"


async def test_a_clip_that_grows_too_large_is_stopped(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "noise.mp4"
    lavfi("nullsrc=s=320x240:r=25:d=2,geq=random(1)*255:128:128", sound=None)(path, Path)
    monkeypatch.setattr(motion_photo, "MAX_CLIP", 100_000)
    await house.replica(work=True)
    session_id = (await house.open(path)).session.session_id
    job = await house.ended(await house.make(session_id, range_end=2.0))
    assert job.error is not None
    assert job.error.message.startswith("This part of the video is too large")


async def test_a_thumbnail_that_is_there_is_not_taken_again(
    house: House, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when there is no room for another."""
    await house.replica()
    session_id = (await house.open(clip)).session.session_id
    first = await house.thumbnail(session_id, 1.0)

    async def never(*args: Any, **options: Any) -> None:
        raise MediaError("There is nothing to see in this video.")

    monkeypatch.setattr(thumbnails, "take_still", never)
    assert await house.thumbnail(session_id, 1.0) == first
    with pytest.raises(MediaError):
        await house.thumbnail(session_id, 1.001)
    await house.close(session_id)
    assert await house.nothing_left()
