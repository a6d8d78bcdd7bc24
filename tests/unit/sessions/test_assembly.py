"""Files of Motion Photos, put together on disk."""

from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from libs.contracts.errors import MediaError
from libs.media.motionphoto import DEVICES, read
from services.sessions.assembly import Parts, assemble
from tests.media.motionphoto.parts import PRESENTATION_US, SIZE, TAKEN_AT, make_parts

FREE = 64 << 20


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_parts(tmp_path_factory.mktemp("parts"))


@pytest.fixture
def parts(video: Any, tmp_path: Path) -> Parts:
    """The clip has a box of 64 MiB that nobody looks into."""
    found = Parts(tmp_path)
    found.clip.write_bytes(
        video.video + FREE.to_bytes(4, "big") + b"free" + bytes(range(256)) * (FREE // 256 - 1) + bytes(248)
    )
    found.cover.write_bytes(video.picture)
    found.thumbnail.write_bytes(video.thumbnail)
    return found


def task(device: str = "google") -> Any:
    return SimpleNamespace(presentation_us=PRESENTATION_US, device=device)


@pytest.mark.parametrize("device", DEVICES)
def test_little_of_it_is_in_memory(parts: Parts, device: str) -> None:
    tracemalloc.start()
    made = assemble(task(device), parts, TAKEN_AT)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20
    found = read(parts.photo.read_bytes())
    assert ((made.width, made.height), made.video_size) == (SIZE, parts.clip.stat().st_size)
    assert (found.presentation_us, found.device, found.taken_at) == (PRESENTATION_US, device, TAKEN_AT)
    assert found.video == parts.clip.read_bytes()


@pytest.mark.parametrize("at", [0.1, 0.999])
def test_another_video_in_it_is_found_out(parts: Parts, monkeypatch: pytest.MonkeyPatch, at: float) -> None:
    """The disk has turned a byte, say."""

    def copied(source: Any, target: Any, length: int) -> None:
        data = bytearray(source.read())
        data[int(len(data) * at)] ^= 1
        target.write(data)

    monkeypatch.setattr(shutil, "copyfileobj", copied)
    with pytest.raises(MediaError, match="did not turn out"):
        assemble(task(), parts, TAKEN_AT)


def test_a_clip_that_is_none_is_refused(parts: Parts) -> None:
    parts.clip.write_bytes(parts.cover.read_bytes())
    with pytest.raises(MediaError, match="not an MP4"):
        assemble(task(), parts, TAKEN_AT)
