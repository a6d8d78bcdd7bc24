"""`PUT /video/upload`: store every file of a form and register them as videos, all or none."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import PurePosixPath
from uuid import UUID

from libs.chassis.bus import Bus
from libs.contracts.editor import REGISTER_VIDEOS, RegisterVideos, Video, VideoList
from libs.contracts.errors import InvalidInputError, MediaError, TooLargeError, UnavailableError
from libs.contracts.media import PUBLIC_OWNER
from services.edge.contracts.video_editor.schemas import FAMILY
from services.edge.forms import Part, parts
from services.edge.uploads import StoredUpload, Uploader

TYPES = {
    "mp4": "video/mp4",
    "avi": "video/x-msvideo",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "wmv": "video/x-ms-wmv",
    "flv": "video/x-flv",
    "mpeg": "video/mpeg",
    "3gp": "video/3gpp",
    "webm": "video/webm",
}
"""The document's extensions. Files are stored, and served, as these types, whatever they were declared."""
_FIELD = "files"
_OTHER_FIELDS = 32
_REGISTER_TRIES = 3
_MAX_SHOWN, _MAX_STEM = 100, 200

_Store = Callable[[Part], Awaitable[StoredUpload]]


class VideoUpload:
    """Takes forms of at most `max_files` files and `max_form` bytes (those of one file, if that is more)."""

    def __init__(self, bus: Bus, uploader: Uploader, *, max_form: int, max_files: int) -> None:
        self._bus = bus
        self._uploader = uploader
        self._max_form = max(max_form, uploader.max_form)
        self._max_files = max_files

    async def run(self, body: AsyncIterator[bytes], content_type: str, length: int | None) -> list[Video]:
        """The videos, in the order of the form. Raises `InvalidInputError` for a form without files,
        `MediaError` for what is no video of a supported format, `TooLargeError`, `UnavailableError`; nothing
        is left over then."""
        if length is not None and length > self._max_form:
            raise TooLargeError(f"The form is larger than the limit of {self._max_form} bytes.")
        max_parts = self._max_files + _OTHER_FIELDS
        form = parts(body, content_type, max_size=self._max_form, max_parts=max_parts)
        async with self._uploader.batch(owner=PUBLIC_OWNER) as store:
            assets: list[UUID] = []
            async for part in _files(form):
                if len(assets) == self._max_files:
                    raise TooLargeError(f"The form has more than {self._max_files} files.")
                assets.append(await _take(part, store))
            if not assets:
                raise InvalidInputError(f"The form has no file in a part named {_FIELD}.")
            return await self._register(assets)

    async def _register(self, assets: list[UUID]) -> list[Video]:
        request = RegisterVideos(owner=PUBLIC_OWNER, asset_ids=assets)
        left = _REGISTER_TRIES
        while True:
            left -= 1
            try:  # counts on jobs to answer known assets with the videos that they are already
                found: VideoList = await self._bus.call(REGISTER_VIDEOS, request)
            except UnavailableError:
                if not left:
                    raise
            else:
                return found.videos


async def _files(form: AsyncIterator[Part]) -> AsyncIterator[Part]:
    """The parts that are files; an empty file field of a browser has neither name nor content."""
    async for part in form:
        if part.name != _FIELD:
            continue
        if part.filename is None:
            raise InvalidInputError(f"The part {_FIELD} must be a file.")
        if part.filename or await _holds_bytes(part):
            yield part


async def _holds_bytes(part: Part) -> bool:
    async for chunk in part.chunks:
        if chunk:
            return True
    return False


async def _take(part: Part, store: _Store) -> UUID:
    """Store one file and make an asset of it. Its name is judged before its first byte is read."""
    name = plain_name(part.filename or "")
    path = PurePosixPath(name)
    extension, shown = path.suffix[1:].lower(), name[:_MAX_SHOWN] or "A file without a name"
    if extension not in TYPES:
        raise MediaError(f"Unsupported file format: {shown}. Supported formats: {', '.join(TYPES)}")
    filename = f"{path.stem[:_MAX_STEM]}.{extension}"  # a name that is cut must not lose it
    stored = await store(replace(part, filename=filename, content_type=TYPES[extension]))
    try:
        asset = await stored.complete(family=FAMILY, require_video=True)
    except MediaError as error:
        raise MediaError(f"{shown}: {error.message}") from error
    return asset.asset_id


def plain_name(name: str) -> str:
    """The last component of a path, without control characters."""
    shown = "".join(ch for ch in name if unicodedata.category(ch)[0] != "C")
    return shown.replace("\\", "/").rpartition("/")[2].strip()
