"""The videos that are there: looked up, listed, served."""

from __future__ import annotations

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.editor import (
    FIND_VIDEO,
    GET_VIDEO,
    LIST_VIDEOS,
    FindVideo,
    GetVideo,
    ListVideos,
    Video,
    VideoList,
)
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.media import PUBLIC_OWNER
from services.edge.contracts.video_editor.fields import existing
from services.edge.downloads import Content
from services.edge.stored import stored_content

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
_MAX_OFFSET = (1 << 63) - 1 - MAX_LIMIT
_MAX_NAME = 300


class Videos:
    def __init__(self, bus: Bus, storage: Storage) -> None:
        self._bus = bus
        self._storage = storage

    async def get(self, video_id: int) -> Video:
        """Raises `NotFoundError`, as for the reserved id of a result that is not there yet."""
        request = GetVideo(video_id=existing(video_id), owner=PUBLIC_OWNER)
        found: Video = await self._bus.call(GET_VIDEO, request)
        return found

    async def result(self, video_id: int) -> Video:
        """A video that an edit made. Raises `NotFoundError`."""
        found = await self.get(video_id)
        if found.operation is None:
            raise NotFoundError("This video was uploaded; there is no processed one with this id.")
        return found

    async def page(self, number: int, size: int) -> list[Video]:
        """Page `number` (from 0) of `size` videos; a size over 1000 is 1000. Raises `InvalidInputError`."""
        if number < 0 or size < 1:
            raise InvalidInputError("skip must be 0 or more, and limit 1 or more.")
        size = min(size, MAX_LIMIT)
        offset, found = number * size, list[Video]()
        while len(found) < size and offset <= _MAX_OFFSET:
            request = ListVideos(owner=PUBLIC_OWNER, offset=offset, limit=size - len(found))
            part: VideoList = await self._bus.call(LIST_VIDEOS, request)
            if not part.videos:  # fewer than asked for are no sign of the end: a message holds so many
                break
            offset += len(part.videos)
            found += part.videos
        return found

    async def content(self, path: str) -> Content:
        """What is served under a public path. Raises `NotFoundError`."""
        if len(path) > _MAX_NAME or not path.isprintable():
            raise NotFoundError("File not found")
        found: Video = await self._bus.call(FIND_VIDEO, FindVideo(path=path, owner=PUBLIC_OWNER))
        if found.object is None:
            raise NotFoundError("File not found")
        return await stored_content(self._storage, found.object)
