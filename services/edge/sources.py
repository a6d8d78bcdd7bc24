"""What a request names: a file that this system has handed out, or a URL of somebody else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from libs.chassis.bus import Bus
from libs.chassis.fetch import HTTPS, Reach
from libs.chassis.fetch.urls import parse
from libs.contracts.base import Method
from libs.contracts.editor import FIND_VIDEO, GET_VIDEO, FindVideo, GetVideo, Video
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.media import PUBLIC_OWNER, Asset, MediaInfo, ObjectRef, StoredMedia
from libs.contracts.movie import AUDIO, IMAGE, SUBTITLES, VIDEO
from libs.contracts.rpc import GET_ASSET, GetAsset
from libs.contracts.tasks import RenderResult

_UPLOAD = re.compile(r"(?:uploads/)?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})", re.ASCII)
_OUTPUT = re.compile(r"outputs/([^/]+)/([^/]+)")
_ENHANCED = re.compile(r"processed_videos/([^/]+)")
_VIDEO = re.compile(r"storage/(?:origin|modi)/[^/]+")
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_MADE = re.compile(r"api/v1/videos/([^/]+)/([^/]+)|(video_[0-9a-f]{32})", re.ASCII)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_MAX_PATH = 300
_DOWNLOAD = "download"
_EVERYBODY = Reach()


@dataclass(frozen=True)
class File:
    """A stored object, what a probe found in it, and otherwise why it found nothing."""

    object: ObjectRef
    info: MediaInfo | None = None
    problem: str | None = None


Output = Callable[[str, str | None, str], Awaitable[RenderResult]]
"""What came out of a job (by its id) of the jobs family, if it has that name (`None`: any), for its owner."""
Enhanced = Callable[[str], Awaitable[RenderResult]]
"""The result of the enhancement that is served under a name."""
Made = Callable[[str, str, str], Awaitable[File]]
"""A file (`download`, …) of a video of the videocraft family, by its id, for its owner."""


@dataclass(frozen=True)
class Found:
    """A stored medium or a URL, one of the two."""

    stored: StoredMedia | None = None
    url: str | None = None


class Sources:
    """Files of a user are found for him alone, those of the open families for everybody. All that it is
    made of raise `NotFoundError`."""

    def __init__(
        self, bus: Bus, *, output: Output, enhanced: Enhanced, made: Made, reach: Reach = _EVERYBODY
    ) -> None:
        self._bus = bus
        self._reach = reach
        self._output = output
        self._enhanced = enhanced
        self._made = made

    async def find(
        self, text: str, owner: str, base: str, *, kind: str = VIDEO, schemes: frozenset[str] = HTTPS
    ) -> Found:
        """What is of use as a `kind` (one of `libs.contracts.movie.ELEMENTS`). `base` is the URL of this
        system's `/`, under which links to its own files lie. Raises `InvalidInputError`, in words, for what
        is not there, not the owner's, or of no such use."""
        path = text.strip()
        if path.startswith(base):
            path = unquote(urlsplit(path).path[len(urlsplit(base).path) - 1 :])
        elif _URL.match(path):
            return Found(url=_checked(path, self._reach, schemes))
        try:
            if len(path) > _MAX_PATH or not path.isprintable():
                raise NotFoundError("No path is like this.")
            file = await self._stored(path.removeprefix(".").removeprefix("/"), owner)
        except NotFoundError as error:
            raise InvalidInputError("There is no such file") from error
        return Found(stored=usable(file, kind))

    async def _stored(self, path: str, owner: str) -> File:
        if match := _UPLOAD.fullmatch(path):
            return await self._asset_or_output(UUID(match[1]), owner)
        if match := _OUTPUT.fullmatch(path):
            return _file_of(await self._output(match[1], match[2], owner))
        if match := _ENHANCED.fullmatch(path):
            return _file_of(await self._enhanced(match[1]))
        if match := _MADE.fullmatch(path):
            return await self._made(match[1] or match[3], match[2] or _DOWNLOAD, owner)
        if _VIDEO.fullmatch(path):
            return _file_of(await self._call(FIND_VIDEO, FindVideo(path=f"/{path}", owner=PUBLIC_OWNER)))
        if _NUMBER.fullmatch(path):
            return _file_of(await self._call(GET_VIDEO, GetVideo(video_id=int(path), owner=PUBLIC_OWNER)))
        raise NotFoundError("No path is like this.")

    async def _asset_or_output(self, found: UUID, owner: str) -> File:
        """An id is that of an upload, the user's own or a public one, or of a job of his."""
        for each in (owner, PUBLIC_OWNER):
            try:
                return _file_of(await self._call(GET_ASSET, GetAsset(asset_id=found, owner=each)))
            except NotFoundError:
                continue
        return _file_of(await self._output(str(found), None, owner))

    async def _call(self, method: Method[Any], request: Any) -> Any:
        return await self._bus.call(method, request)


def usable(file: File, kind: str) -> StoredMedia:
    """`file`, which is of use as a `kind`. Raises `InvalidInputError`, in words, when it is not."""
    info = file.info
    if kind == SUBTITLES:
        if info is not None and (info.video or info.audio):
            raise InvalidInputError("This file is not text: subtitles are SubRip (SRT) or WebVTT.")
        nothing = MediaInfo(formats=[], size=file.object.size)
        return StoredMedia(object=file.object, info=info or nothing)
    if info is None:
        raise InvalidInputError(file.problem or f"This file cannot be read as {_ARTICLES[kind]}.")
    if kind == AUDIO and not info.audio:
        raise InvalidInputError("There is no sound in this file.")
    pictures = info.video or (info.picture if kind == IMAGE else None)
    if kind in (VIDEO, IMAGE) and pictures is None:
        raise InvalidInputError(f"There is no {_SEEN[kind]} in this file, only sound.")
    return StoredMedia(object=file.object, info=info)


_ARTICLES = {VIDEO: "a video", IMAGE: "a picture", AUDIO: "sound"}
_SEEN = {VIDEO: "video", IMAGE: "picture"}


def _file_of(found: Asset | Video | RenderResult) -> File:
    """Raises `NotFoundError` for a file that is not there."""
    match found:
        case Asset():
            return File(found.object, found.info, found.probe_error)
        case RenderResult():
            return File(found.artifact, found.info)
        case Video():
            if found.object is None:
                raise NotFoundError("There is no file.")
            return File(found.object, found.info)


def _checked(url: str, reach: Reach, schemes: frozenset[str]) -> str:
    """A URL that may be asked for as far as can be told without asking. Raises `InvalidInputError`."""
    target = parse(url, reach.rules(schemes))
    try:
        public = reach.allows(ip_address(target.host))
    except ValueError:  # a name: ingest looks at its addresses
        public = True
    if not public:
        raise InvalidInputError("The URL leads to an address that is not public.")
    return url
