"""What an `input_path` names: a file that this system has handed out, or a URL of somebody else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from libs.chassis.bus import Bus
from libs.chassis.fetch import FetchRules, is_public
from libs.chassis.fetch.urls import parse
from libs.contracts.base import Method
from libs.contracts.editor import FIND_VIDEO, GET_VIDEO, FindVideo, GetVideo, Video
from libs.contracts.errors import InvalidInputError, NotFoundError
from libs.contracts.media import PUBLIC_OWNER, Asset, MediaInfo, ObjectRef, StoredMedia
from libs.contracts.rpc import GET_ASSET, GetAsset
from libs.contracts.tasks import RenderResult
from services.edge.contracts.jobs.errors import invalid
from services.edge.contracts.jobs.records import Records

FIELD = "input_path"

_UPLOAD = re.compile(r"(?:uploads/)?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})", re.ASCII)
_OUTPUT = re.compile(r"outputs/([^/]+)/([^/]+)")
_ENHANCED = re.compile(r"processed_videos/([^/]+)")
_VIDEO = re.compile(r"storage/(?:origin|modi)/[^/]+")
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_RULES = FetchRules(max_size=0)
_MAX_PATH = 300

Enhanced = Callable[[str], Awaitable[RenderResult]]
"""The result of the enhancement that is served under a name. Raises `NotFoundError`."""


@dataclass(frozen=True)
class Found:
    """A stored video or a URL, one of the two."""

    stored: StoredMedia | None = None
    url: str | None = None


class Sources:
    """Files of a user are found for him alone, those of the open families for everybody."""

    def __init__(self, bus: Bus, records: Records, enhanced: Enhanced) -> None:
        self._bus = bus
        self._records = records
        self._enhanced = enhanced

    async def find(self, input_path: str, owner: str, base: str) -> Found:
        """`base` is the URL of this system's `/`, under which links to its own files lie. Raises
        `InvalidInputError` for what is not there, not the owner's, or no video."""
        path = input_path.strip()
        if path.startswith(base):
            path = unquote(urlsplit(path).path[len(urlsplit(base).path) - 1 :])
        elif _URL.match(path):
            return Found(url=_checked(path))
        try:
            if len(path) > _MAX_PATH or not path.isprintable():
                raise NotFoundError("No path is like this.")
            return Found(stored=await self._stored(path.removeprefix(".").removeprefix("/"), owner))
        except NotFoundError as error:
            raise invalid(FIELD, "There is no such file") from error

    async def _stored(self, path: str, owner: str) -> StoredMedia:
        if match := _UPLOAD.fullmatch(path):
            return _video_of(await self._asset_or_output(UUID(match[1]), owner))
        if match := _OUTPUT.fullmatch(path):
            return _video_of(await self._records.output(match[1], match[2], owner))
        if match := _ENHANCED.fullmatch(path):
            return _video_of(await self._enhanced(match[1]))
        if _VIDEO.fullmatch(path):
            return _video_of(await self._call(FIND_VIDEO, FindVideo(path=f"/{path}", owner=PUBLIC_OWNER)))
        if _NUMBER.fullmatch(path):
            return _video_of(await self._call(GET_VIDEO, GetVideo(video_id=int(path), owner=PUBLIC_OWNER)))
        raise NotFoundError("No path is like this.")

    async def _asset_or_output(self, found: UUID, owner: str) -> Asset | RenderResult:
        """An id is that of an upload, the user's own or a public one, or of a job of his."""
        for each in (owner, PUBLIC_OWNER):
            try:
                asset: Asset = await self._call(GET_ASSET, GetAsset(asset_id=found, owner=each))
            except NotFoundError:
                continue
            return asset
        return await self._records.output(str(found), None, owner)

    async def _call(self, method: Method[Any], request: Any) -> Any:
        return await self._bus.call(method, request)


def _video_of(found: Asset | Video | RenderResult) -> StoredMedia:
    """Raises `InvalidInputError` for a file without a video, `NotFoundError` for one that is not there."""
    stored, info, problem = _parts(found)
    if stored is None:
        raise NotFoundError("There is no file.")
    if info is None:
        raise invalid(FIELD, problem or "This file cannot be read as a video.")
    if info.video is None:
        raise invalid(FIELD, "There is no video in this file, only sound.")
    return StoredMedia(object=stored, info=info)


def _parts(found: Asset | Video | RenderResult) -> tuple[ObjectRef | None, MediaInfo | None, str | None]:
    match found:
        case Asset():
            return found.object, found.info, found.probe_error
        case Video():
            return found.object, found.info, None
        case RenderResult():
            return found.artifact, found.info, None


def _checked(url: str) -> str:
    """A URL that may be asked for as far as can be told without asking. Raises `InvalidInputError`."""
    try:
        target = parse(url, _RULES)
    except InvalidInputError as error:
        raise invalid(FIELD, error.message) from error
    try:
        public = is_public(ip_address(target.host))
    except ValueError:  # a name: ingest looks at its addresses
        public = True
    if not public:
        raise invalid(FIELD, "The URL leads to an address that is not public.")
    return url
