"""Tasks of sessions: `MotionPhotoTask` in, a Motion Photo out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from libs.chassis.worker import TaskContext
from libs.contracts.base import utcnow
from libs.contracts.errors import MediaError, TooLargeError
from libs.contracts.tasks import MotionPhotoResult, MotionPhotoTask
from libs.media.execute import render
from libs.media.probe import probe
from libs.media.runner import run_ffmpeg
from libs.media.still import take_still
from libs.media.together import together
from libs.media.tools import Tools
from services.sessions.assembly import Parts, assemble
from services.sessions.capture_time import capture_time
from services.sessions.naming import MOTION_PHOTO
from services.sessions.shelf import Shelf
from services.sessions.threads import finished

JPEG = "image/jpeg"
MAX_CLIP = 200 << 20
"""Bytes, on disk twice for a while."""
_COVER = (8192, 8192)
"""Pixels of the cover at most, each way: a strip may be longer than a JPEG can be."""
_TOO_LARGE = "This part of the video is too large for a Motion Photo; choose a shorter one."
_THUMBNAIL = 320
"""Pixels of the longer side of the thumbnail in the EXIF."""
_THUMBNAIL_BYTES = 40_000
"""An EXIF block holds 65,533 with everything else in it."""
_QUALITIES = (4, 12, 31)
"""ffmpeg's scale, best first."""


class MotionPhotoMaker:
    """Handles `MotionPhotoTask`s."""

    def __init__(self, tools: Tools, shelf: Shelf) -> None:
        self._tools = tools
        self._shelf = shelf
        most = min(tools.limits.output_bytes, MAX_CLIP)
        self._bounded = replace(tools, limits=replace(tools.limits, output_bytes=most))

    async def __call__(self, task: MotionPhotoTask, context: TaskContext) -> MotionPhotoResult:
        """Raises `MediaError` when nothing comes out, `NotFoundError` when the session is gone."""
        parts = Parts(context.scratch)
        taken_at = utcnow()

        async def take_pictures() -> None:
            nonlocal taken_at
            await self._take(task, context, parts.cover)
            await self._shrink(parts, context)
            taken_at = await self._taken_at(task, context) or taken_at

        await together(take_pictures(), self._film(task, context, parts.clip))
        made = await finished(lambda: assemble(task, parts, taken_at))
        return MotionPhotoResult(
            artifact=await self._shelf.artifact(task.session_id, context, parts.photo, MOTION_PHOTO, JPEG),
            width=made.width,
            height=made.height,
            video_size=made.video_size,
        )

    async def _film(self, task: MotionPhotoTask, context: TaskContext, clip: Path) -> None:
        try:
            await render(
                self._bounded,
                task.clip,
                context,
                clip,
                time_limit=context.task.time_limit,
                on_progress=context.progress,
            )
        except TooLargeError as error:
            raise MediaError(_TOO_LARGE) from error

    async def _take(self, task: MotionPhotoTask, context: TaskContext, cover: Path) -> None:
        await take_still(
            self._tools,
            await context.url(task.source),
            task.info,
            task.cover_time,
            cover,
            within=_COVER,
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
