"""Numbers and public paths of videos."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from libs.contracts.editor import FindVideo, ListVideos, RegisterVideos
from libs.contracts.errors import InvalidInputError, MediaError, NotFoundError
from libs.contracts.media import Asset
from tests.chassis.databases import execute, opened
from tests.chassis.editors import Editing
from tests.unit.samples import info

pytestmark = pytest.mark.anyio
AT = datetime(2024, 9, 10, 16, 18, 24, tzinfo=UTC)


@pytest.fixture
async def editing(database_url: str) -> AsyncIterator[Editing]:
    async with opened(database_url) as database:
        yield Editing(database)


@pytest.fixture
def _same_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.jobs.editor.library.utcnow", lambda: AT)


@pytest.mark.usefixtures("_same_second")
async def test_videos_get_numbers_and_paths_in_order(editing: Editing) -> None:
    ids = [editing.asset(name) for name in ("b.MKV", "휴가 영상.mp4", "b.mkv")]
    videos = await editing.register(*ids)
    assert [video.path for video in videos] == [
        "/storage/origin/b_20240910161824.mkv",
        "/storage/origin/휴가_영상_20240910161824.mp4",
        "/storage/origin/b_20240910161824_2.mkv",
    ]
    numbers = [video.video_id for video in videos]
    assert numbers == sorted(numbers)
    assert await editing.ids() == numbers
    (another,) = await editing.register(editing.asset("b.mkv"))
    assert another.path == "/storage/origin/b_20240910161824_3.mkv"


async def test_asking_again_gives_the_same_videos(editing: Editing) -> None:
    """The answer may have been lost; two askers may meet."""
    old, new = editing.asset("old.mp4"), editing.asset("new.mp4")
    (known,) = await editing.register(old)
    groups = await asyncio.gather(*(editing.register(new, old, new) for _ in range(5)))
    assert all(group == groups[0] for group in groups)
    assert [video.video_id for video in groups[0]][1] == known.video_id
    assert len(await editing.ids()) == 2


@pytest.mark.usefixtures("_same_second")
async def test_equal_names_at_the_same_moment(editing: Editing, database_url: str) -> None:
    async with opened(database_url) as other_database:
        other = Editing(other_database)
        other.assets = editing.assets
        groups = [[editing.asset("a.mp4"), editing.asset("b.mp4")] for _ in range(25)]
        registered = await asyncio.gather(
            *((editing, other)[turn % 2].register(*group) for turn, group in enumerate(groups))
        )
    paths = [video.path for videos in registered for video in videos]
    expected = {
        f"/storage/origin/{stem}_20240910161824{suffix}.mp4"
        for stem in "ab"
        for suffix in ("", *(f"_{number}" for number in range(2, 26)))
    }
    assert len(paths) == 50
    assert set(paths) == expected


async def test_more_equal_names_than_are_looked_up_at_once(editing: Editing) -> None:
    first, second = [await editing.register(*(editing.asset("a.mp4") for _ in range(300))) for _ in range(2)]
    assert len({video.path for video in [*first, *second]}) == 600


async def test_all_or_none(editing: Editing) -> None:
    good = editing.asset()
    for bad in (editing.asset(info=None, probe_error="It is a text."), editing.asset(info=info(video=None))):
        with pytest.raises(MediaError):
            await editing.register(good, bad)
    with pytest.raises(NotFoundError):
        await editing.register(good, UUID(int=10**9))
    assert await editing.ids() == []
    for count in (0, 1001):
        with pytest.raises(InvalidInputError):
            await editing.library.register(RegisterVideos(owner="public", asset_ids=[good] * count))


async def test_what_a_video_tells(editing: Editing) -> None:
    asset_id = editing.asset("clip.mp4")
    stored: Asset = editing.assets[asset_id]
    (listed,) = await editing.register(asset_id)
    assert (listed.object, listed.info, listed.operation, listed.request) == (None, None, None, None)
    video = await editing.get(listed.video_id)
    assert (video.object, video.info) == (stored.object, stored.info)
    assert re.fullmatch(r"/storage/origin/clip_\d{14}\.mp4", video.path)
    assert await editing.library.find(FindVideo(path=video.path, owner="public")) == video


@pytest.mark.parametrize("video_id", [0, -1, 2**31, 2**63, 10**30, 12345])
async def test_numbers_that_are_not_there(editing: Editing, video_id: int) -> None:
    with pytest.raises(NotFoundError):
        await editing.get(video_id)
    with pytest.raises(NotFoundError):
        await editing.trim(video_id)


@pytest.mark.parametrize("path", ["", "/storage/origin/x.mp4", "/\x00", "/" + "x" * 100_000, "'; --", "%"])
async def test_paths_that_are_not_there(editing: Editing, path: str) -> None:
    await editing.upload()
    with pytest.raises(NotFoundError):
        await editing.library.find(FindVideo(path=path, owner="public"))


async def test_videos_belong_to_their_owner(editing: Editing) -> None:
    video = await editing.get(await editing.upload())
    stranger = Editing(editing.database, owner="somebody")
    with pytest.raises(NotFoundError):
        await stranger.get(video.video_id)
    with pytest.raises(NotFoundError):
        await stranger.library.find(FindVideo(path=video.path, owner="somebody"))
    with pytest.raises(NotFoundError):
        await stranger.trim(video.video_id)
    assert await stranger.ids() == []


async def page(editing: Editing, offset: int, limit: int) -> list[int]:
    found = await editing.library.page(ListVideos(owner="public", offset=offset, limit=limit))
    return [video.video_id for video in found.videos]


async def test_pages(editing: Editing) -> None:
    ids = [video.video_id for video in await editing.register(*(editing.asset() for _ in range(5)))]
    await editing.trim(ids[0])
    assert await page(editing, 0, 2) == ids[:2]
    assert await page(editing, 4, 2) == ids[4:]
    assert await page(editing, 2**62, 2) == []
    for offset, limit in ((-1, 2), (0, 0), (0, 1001)):
        with pytest.raises(InvalidInputError):
            await page(editing, offset, limit)


async def test_a_page_fits_into_a_message(editing: Editing, database_url: str) -> None:
    ids = [video.video_id for video in await editing.register(*(editing.asset() for _ in range(100)))]
    sql = "UPDATE jobs.videos SET request = jsonb_build_object('video_ids', repeat('x', 15000))"
    await execute(database_url, sql)
    first = await page(editing, 0, 100)
    assert 50 < len(first) < 100
    assert first + await page(editing, len(first), 100) == ids
