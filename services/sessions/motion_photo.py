"""Tasks of sessions: `MotionPhotoTask` in, a Motion Photo out."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import anyio

from libs.chassis.worker import TaskContext
from libs.contracts.base import utcnow
from libs.contracts.errors import MediaError
from libs.contracts.tasks import MotionPhotoResult, MotionPhotoTask
from libs.media.execute import render
from libs.media.motionphoto import MotionPhoto, read, write
from libs.media.probe import probe
from libs.media.runner import run_ffmpeg
from libs.media.still import take_still
from libs.media.tools import Tools
from services.sessions.capture_time import capture_time
from services.sessions.naming import MOTION_PHOTO
from services.sessions.shelf import Shelf

JPEG = "image/jpeg"
MAX_CLIP = 512 << 20
"""Bytes: the file is put together in memory."""
_THUMBNAIL = 320
"""Pixels of the longer side of the thumbnail in the EXIF."""
_THUMBNAIL_BYTES = 40_000
"""An EXIF block holds 65,533 with everything else in it."""
_QUALITIES = (4, 12, 31)
"""ffmpeg's scale, best first."""


class Parts:
    """The files that one Motion Photo is made of, in the scratch folder of its task."""

    def __init__(self, scratch: Path) -> None:
        self.clip = scratch / "clip.mp4"
        self.cover = scratch / "cover.jpg"
        self.thumbnail = scratch / "thumbnail.jpg"
        self.photo = scratch / MOTION_PHOTO


class MotionPhotoMaker:
    """Handles `MotionPhotoTask`s."""

    def __init__(self, tools: Tools, shelf: Shelf) -> None:
        self._tools = tools
        self._shelf = shelf

    async def __call__(self, task: MotionPhotoTask, context: TaskContext) -> MotionPhotoResult:
        """Raises `MediaError` when nothing comes out, `NotFoundError` when the session is gone."""
        parts = Parts(context.scratch)
        taken_at = utcnow()

        async def take_pictures() -> None:
            nonlocal taken_at
            await self._take(task, context, parts.cover)
            await self._shrink(parts, context)
            taken_at = await self._taken_at(task, context) or taken_at

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(take_pictures)
                await render(
                    self._tools,
                    task.clip,
                    context,
                    parts.clip,
                    time_limit=context.task.time_limit,
                    on_progress=context.progress,
                )
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        made = await asyncio.to_thread(_assemble, task, parts, taken_at)
        return MotionPhotoResult(
            artifact=await self._shelf.artifact(task.session_id, context, parts.photo, MOTION_PHOTO, JPEG),
            width=made.width,
            height=made.height,
            video_size=made.video_size,
        )

    async def _take(self, task: MotionPhotoTask, context: TaskContext, cover: Path) -> None:
        await take_still(
            self._tools,
            await context.url(task.source),
            task.info,
            task.cover_time,
            cover,
            cwd=context.scratch,
            time_limit=context.task.time_limit,
        )

    async def _shrink(self, parts: Parts, context: TaskContext) -> None:
        """The cover once more, small enough for the EXIF; at the worst quality it always is."""
        size = f"{_THUMBNAIL}:{_THUMBNAIL}:force_original_aspect_ratio=decrease"
        scale = f"scale={size}:in_range=pc:out_range=pc"
        opened = ["-f", "jpeg_pipe", "-protocol_whitelist", "file", "-i", f"file:{parts.cover}"]
        for quality in _QUALITIES:
            written = ["-frames:v", "1", "-q:v", str(quality), "-f", "mjpeg", "-y", f"file:{parts.thumbnail}"]
            await run_ffmpeg(
                self._tools,
                [*opened, "-vf", scale, *written],
                cwd=context.scratch,
                time_limit=context.task.time_limit,
            )
            if parts.thumbnail.stat().st_size <= _THUMBNAIL_BYTES:
                return

    async def _taken_at(self, task: MotionPhotoTask, context: TaskContext) -> datetime | None:
        url = await context.url(task.source)
        probed = await probe(url, self._tools, size=task.source.size)
        return capture_time(probed.raw, utcnow())


def _assemble(task: MotionPhotoTask, parts: Parts, taken_at: datetime) -> MotionPhoto:
    """Write the file, and what a reader finds in it. Raises `MediaError` unless that is what was put in."""
    if parts.clip.stat().st_size > MAX_CLIP:
        raise MediaError("This part of the video is too large for a Motion Photo; choose a shorter one.")
    video = parts.clip.read_bytes()
    data = write(
        parts.cover.read_bytes(),
        video,
        presentation_us=task.presentation_us,
        taken_at=taken_at,
        thumbnail=parts.thumbnail.read_bytes(),
        device=task.device,
    )
    found = read(data)
    said = found.holds(video), found.presentation_us, found.device
    if said != (True, task.presentation_us, task.device):
        raise MediaError("The Motion Photo did not turn out as it should.")
    parts.photo.write_bytes(data)
    return found
