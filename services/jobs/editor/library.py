"""Videos that are there: numbered, with public paths."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert
from sqlalchemy import select as sa_select
from sqlmodel import col

from libs.contracts.base import utcnow
from libs.contracts.editor import FindVideo, GetVideo, ListVideos, RegisterVideos, Video, VideoList
from libs.contracts.errors import InvalidInputError, MediaError, NotFoundError
from libs.contracts.media import Asset
from libs.media.containers import container_for
from libs.media.reasons import no_video
from services.jobs.editor import naming
from services.jobs.editor.locks import lock_paths
from services.jobs.editor.paths import free_paths
from services.jobs.editor.store import MAX_ID, VideoState, columns, missing, video_of
from services.jobs.models import VideoRow
from services.jobs.repository import Repository

GetAsset = Callable[[UUID, str], Awaitable[Asset]]
_MAX_AT_ONCE = 1000
_MAX_BYTES = 900_000
_CALLS = 16
_SHOWN = ("video_id", "path", "created_at", "operation", "request")


class Library:
    """`get_asset(asset_id, owner)` raises `NotFoundError` for what is not the owner's."""

    def __init__(self, repository: Repository, get_asset: GetAsset) -> None:
        self._repository = repository
        self._get_asset = get_asset

    async def register(self, request: RegisterVideos) -> VideoList:
        """Asking again, as after an answer that was lost, gives the same videos. Raises `NotFoundError` or
        `MediaError` when one of the assets is missing or holds no video."""
        if not 1 <= len(request.asset_ids) <= _MAX_AT_ONCE:
            raise InvalidInputError(f"Between 1 and {_MAX_AT_ONCE} assets can be registered at once.")
        asked = list(dict.fromkeys(request.asset_ids))
        assets, now = await self._assets(asked, request.owner), utcnow()
        rows = [_registered(asset, now) for asset in assets]
        shown = columns(VideoRow, *_SHOWN, "asset_id")
        async with self._repository.transaction() as session:
            await lock_paths(session)  # before the look: nobody else registers them meanwhile
            query = sa_select(*shown).where(col(VideoRow.asset_id).in_(asked))
            videos = {row.asset_id: video_of(row, content=False) for row in await session.execute(query)}
            new = [row for row in rows if row["asset_id"] not in videos]
            paths = await free_paths(session, [row["path"] for row in new])
            values = [{**row, "path": path} for row, path in zip(new, paths, strict=True)]
            if values:
                adding = insert(VideoRow).returning(*shown, sort_by_parameter_order=True)
                for row in await session.execute(adding, values):
                    videos[row.asset_id] = video_of(row, content=False)
        return VideoList(videos=[videos[asset_id] for asset_id in request.asset_ids])

    async def _assets(self, asset_ids: Sequence[UUID], owner: str) -> Sequence[Asset]:
        slots = asyncio.Semaphore(_CALLS)

        async def asset(asset_id: UUID) -> Asset:
            async with slots:
                return await self._get_asset(asset_id, owner)

        return await asyncio.gather(*(asset(each) for each in asset_ids))

    async def get(self, request: GetVideo) -> Video:
        if not 1 <= request.video_id <= MAX_ID:
            raise missing(request.video_id)
        found = await self._one(request.owner, col(VideoRow.video_id) == request.video_id)
        if found is None:
            raise missing(request.video_id)
        return found

    async def find(self, request: FindVideo) -> Video:
        found = None
        if request.path.isprintable():
            found = await self._one(request.owner, col(VideoRow.path) == request.path)
        if found is None:
            raise NotFoundError("There is no video under this path.")
        return found

    async def _one(self, owner: str, condition: Any) -> Video | None:
        ready = (col(VideoRow.state) == VideoState.READY.value, col(VideoRow.owner) == owner)
        query = sa_select(*columns(VideoRow, *_SHOWN, "object", "info")).where(condition, *ready)
        async with self._repository.transaction() as session:
            row = (await session.execute(query)).first()
        return None if row is None else video_of(row)

    async def page(self, request: ListVideos) -> VideoList:
        """Fewer than asked for, but one at least, when more do not fit into a message."""
        if request.offset < 0 or not 1 <= request.limit <= _MAX_AT_ONCE:
            raise InvalidInputError(f"A page has 1 to {_MAX_AT_ONCE} videos.")
        query = (
            sa_select(*columns(VideoRow, *_SHOWN))
            .where(col(VideoRow.owner) == request.owner, col(VideoRow.state) == VideoState.READY.value)
            .order_by(col(VideoRow.video_id))
            .offset(min(request.offset, MAX_ID))
            .limit(request.limit)
        )
        async with self._repository.transaction() as session:
            videos = [video_of(row, content=False) for row in await session.execute(query)]
        return VideoList(videos=_fitting(videos))


def _fitting(videos: Sequence[Video]) -> list[Video]:
    fitting: list[Video] = []
    size = 0
    for video in videos:
        size += len(msgspec.json.encode(video)) + 1
        if fitting and size > _MAX_BYTES:
            break
        fitting.append(video)
    return fitting


def _registered(asset: Asset, now: datetime) -> dict[str, Any]:
    """Columns of a new video. Raises `MediaError` when there is no video in the asset."""
    if asset.info is None:
        raise MediaError(asset.probe_error or "This file cannot be read as a video.")
    if asset.info.video is None:
        raise MediaError(no_video(asset.info))
    stem = naming.stem(asset.name)
    extension = naming.extension(asset.name) or container_for(asset.name, asset.info.formats).extension
    return {
        "asset_id": asset.asset_id,
        "owner": asset.owner,
        "state": VideoState.READY.value,
        "stem": stem,
        "path": naming.origin_path(stem, extension, now),
        "object": msgspec.to_builtins(asset.object),
        "info": msgspec.to_builtins(asset.info),
        "extension": extension,
        "created_at": now,
    }
