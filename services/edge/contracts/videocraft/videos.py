"""Videos: what completed jobs of the family made, for as long as it is not deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from libs.chassis.bus import Bus
from libs.chassis.storage import Storage
from libs.contracts.errors import NotFoundError
from libs.contracts.jobs import Job, JobState
from libs.contracts.media import ObjectRef
from libs.contracts.movies import REMOVE_RESULT, ListMakings, Making, Makings, RemoveResult
from libs.contracts.tasks import CaptionResult, RenderResult
from services.edge.contracts.videocraft.errors import SUBTITLES_NOT_FOUND, unknown_video
from services.edge.contracts.videocraft.makings import MakingRecords
from services.edge.contracts.videocraft.schemas import FAMILY
from services.edge.downloads import Content
from services.edge.sources import File
from services.edge.stored import stored_content

DOWNLOAD, PREVIEW = "download", "preview"
SUBRIP, WEBVTT, TRANSCRIPT = "subtitles.srt", "subtitles.vtt", "transcript.json"
CAPTIONS = "captions"
"""The step that writes them."""

_TYPES = {
    DOWNLOAD: "video/mp4",
    PREVIEW: "video/mp4",
    SUBRIP: "application/x-subrip; charset=utf-8",
    WEBVTT: "text/vtt; charset=utf-8",
    TRANSCRIPT: "application/json",
}
_ID = re.compile(r"video_([0-9a-f]{32})", re.ASCII)


@dataclass(frozen=True)
class Made:
    """A video: its job, with what came out of it."""

    making: Making
    result: RenderResult

    @property
    def captions(self) -> CaptionResult | None:
        """Those that were drawn: where nobody says a word there are none."""
        captions = captions_of(self.making)
        return captions if captions is not None and captions.words else None


def video_id_of(job: Job) -> str:
    return f"video_{job.job_id.hex}"


def captions_of(making: Making) -> CaptionResult | None:
    for step in making.steps:
        if step.name == CAPTIONS and isinstance(step.result, CaptionResult):
            return step.result
    return None


def made_of(making: Making) -> Made | None:
    """`None` while there is no video, and when there is none any more."""
    job = making.job
    if job.state is not JobState.COMPLETED or making.removed_at is not None:
        return None
    return Made(making, job.result) if isinstance(job.result, RenderResult) else None


class Videos:
    """Those of others are not found. Everything raises `NotFoundError` for what is not there."""

    def __init__(self, bus: Bus, storage: Storage, records: MakingRecords) -> None:
        self._bus = bus
        self._storage = storage
        self._records = records

    async def get(self, video_id: str, owner: str) -> Made:
        making = await self._records.find(_job_id(video_id), owner)
        made = made_of(making) if making else None
        if made is None:
            raise unknown_video()
        return made

    async def page(self, asked: ListMakings) -> Makings:
        """All videos are of completed jobs: those of another status are none."""
        if asked.states not in (None, [JobState.COMPLETED]):
            return Makings(total=0, makings=[])
        return await self._records.page(asked)

    async def content(self, video_id: str, name: str, owner: str) -> Content:
        """What is served as `name`."""
        stored = _object(await self.get(video_id, owner), name)
        content = await stored_content(self._storage, stored)
        return Content(content.size, content.etag, _TYPES[name], content.read)

    async def file(self, video_id: str, name: str, owner: str) -> File:
        """As `content`, as something that other work can be done with."""
        made = await self.get(video_id, owner)
        stored = _object(made, name)
        return File(stored, made.result.info if stored is made.result.artifact else None)

    async def remove(self, video_id: str, owner: str) -> None:
        """Its files go, its job stays."""
        asked = RemoveResult(job_id=_job_id(video_id), owner=owner, family=FAMILY)
        try:
            await self._bus.call(REMOVE_RESULT, asked)
        except NotFoundError as error:
            raise unknown_video() from error


def _job_id(video_id: str) -> UUID:
    found = _ID.fullmatch(video_id)
    if found is None:
        raise unknown_video()
    return UUID(hex=found[1])


def _object(made: Made, name: str) -> ObjectRef:
    if name in (DOWNLOAD, PREVIEW):
        return made.result.artifact
    captions = made.captions
    if captions is None or name not in _TYPES:
        raise NotFoundError("Subtitles not found", error_code=SUBTITLES_NOT_FOUND)
    return {SUBRIP: captions.subrip, WEBVTT: captions.webvtt, TRANSCRIPT: captions.transcript}[name]
