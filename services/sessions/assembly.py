"""The file of a Motion Photo put together from those of its parts; of its video there is never more than a
block in memory."""

from __future__ import annotations

import mmap
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from libs.contracts.errors import MediaError
from libs.contracts.tasks import MotionPhotoTask
from libs.media.motionphoto import MotionPhoto, read, wrap
from services.sessions.naming import MOTION_PHOTO

_BLOCK = 1 << 20


class Parts:
    """The files that one Motion Photo is made of, in the scratch folder of its task."""

    def __init__(self, scratch: Path) -> None:
        self.clip = scratch / "clip.mp4"
        self.cover = scratch / "cover.jpg"
        self.thumbnail = scratch / "thumbnail.jpg"
        self.photo = scratch / MOTION_PHOTO


@dataclass(frozen=True)
class Made:
    """Pixels of the picture and bytes of the video."""

    width: int
    height: int
    video_size: int


def assemble(task: MotionPhotoTask, parts: Parts, taken_at: datetime) -> Made:
    """Write the file, and what a reader finds in it. Raises `MediaError` unless that is what was put in."""
    with parts.photo.open("w+b") as photo, parts.clip.open("rb") as clip:
        with _mapped(clip) as video:
            around = wrap(
                parts.cover.read_bytes(),
                video,
                presentation_us=task.presentation_us,
                taken_at=taken_at,
                thumbnail=parts.thumbnail.read_bytes(),
                device=task.device,
            )
        photo.write(around.head)
        shutil.copyfileobj(clip, photo, _BLOCK)
        photo.write(around.tail)
        photo.flush()
        with _mapped(photo) as written:
            found = read(written)
            said = found.presentation_us, found.device
            if said != (task.presentation_us, task.device) or not _holds(photo, found, clip):
                raise MediaError("The Motion Photo did not turn out as it should.")
            return Made(found.width, found.height, found.video_size)


@contextmanager
def _mapped(file: BinaryIO) -> Iterator[mmap.mmap]:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


def _holds(photo: BinaryIO, found: MotionPhoto, clip: BinaryIO) -> bool:
    """Whether the clip is the video that was found, byte by byte."""
    left = found.video_size
    photo.seek(found.video_offset)
    clip.seek(0)
    while block := clip.read(_BLOCK):
        left -= len(block)
        if photo.read(len(block)) != block:
            return False
    return left == 0
