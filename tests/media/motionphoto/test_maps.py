"""Files that are looked into by way of maps: what is not looked at is never in memory."""

from __future__ import annotations

import mmap
import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from libs.media.motionphoto import DEVICES, Wrapping, read, wrap, write
from tests.media.motionphoto.parts import TAKEN_AT, Parts

SIZE = 1 << 30


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


def wrapped(parts: Parts, video: bytes | mmap.mmap, device: str) -> Wrapping:
    return wrap(
        parts.picture,
        video,
        presentation_us=7,
        taken_at=TAKEN_AT,
        thumbnail=parts.thumbnail,
        device=device,
    )


@pytest.mark.parametrize("device", DEVICES)
def test_a_video_of_a_gigabyte_is_wrapped_and_found(parts: Parts, tmp_path: Path, device: str) -> None:
    """Most of it is a hole in the file."""
    start = parts.video + (SIZE - len(parts.video)).to_bytes(4, "big") + b"free"
    clip, photo = tmp_path / "clip.mp4", tmp_path / "photo.jpg"
    clip.write_bytes(start)
    os.truncate(clip, SIZE)
    tracemalloc.start()
    with mapped(clip) as video:
        around = wrapped(parts, video, device)
    with photo.open("wb") as file:
        file.write(around.head + start)
        file.truncate(len(around.head) + SIZE)
        file.seek(0, os.SEEK_END)
        file.write(around.tail)
    with mapped(photo) as data:
        found = read(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.video_offset, found.video_size) == (len(around.head), SIZE)
    assert (found.presentation_us, found.device, found.thumbnail) == (7, device, parts.thumbnail)
    assert most < 4 << 20


@pytest.mark.parametrize("device", DEVICES)
def test_bytes_are_wrapped_as_they_are_written(parts: Parts, device: str) -> None:
    around = wrapped(parts, parts.video, device)
    whole = write(
        parts.picture,
        parts.video,
        presentation_us=7,
        taken_at=TAKEN_AT,
        thumbnail=parts.thumbnail,
        device=device,
    )
    assert around.head + parts.video + around.tail == whole
