"""Uploads that must hold video: ingest decodes a picture of them before it says yes (the real ffmpeg)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from libs.chassis.storage import Storage
from libs.contracts.errors import MediaError
from libs.contracts.media import Asset
from libs.contracts.rpc import CompleteUpload
from libs.media.runner import Tools
from services.ingest.handlers import Handlers
from services.ingest.models import UploadRow
from services.ingest.repository import Repository
from tests.unit.samples import EPOCH

pytestmark = pytest.mark.anyio
ASSET = UUID(int=1)


class Rows:
    """One upload under way; `completed` are the assets made of it."""

    def __init__(self, key: str) -> None:
        self.completed: list[Asset] = []
        self._row = UploadRow(
            asset_id=ASSET, owner="public", name="a.mp4", declared_type="video/mp4", key=key, begun_at=EPOCH
        )

    async def upload(self, _: UUID) -> UploadRow:
        return self._row

    async def complete(self, asset: Asset, **_: Any) -> None:
        self.completed.append(asset)


class Files:
    """Storage whose objects lie in a folder."""

    async def presign(self, key: str, **_: Any) -> str:
        return key


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    picture, sound = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=1"], ["-f", "lavfi", "-i", "sine=d=1"]
    made = {
        "good": ([*picture, *sound, "-c:v", "libx264"], "mp4"),
        "no sound": ([*picture, "-c:v", "mpeg4"], "avi"),
        "only sound": (sound, "mp4"),
        "cover": ([*sound, *picture, "-map", "0", "-map", "1", "-c:v", "mjpeg", "-frames:v", "1",
                   "-disposition:v", "attached_pic"], "mp4"),
    }  # fmt: skip
    found = {}
    for name, (args, extension) in made.items():
        found[name] = folder / f"{name}.{extension}"
        subprocess.run(["ffmpeg", "-v", "error", *args, str(found[name])], check=True)
    whole = found["good"].read_bytes()
    start, end = whole.index(b"mdat") + 4, whole.index(b"moov") - 4
    broken = {
        "text": b"no video at all",
        "empty": b"",
        "no pictures in it": whole[:start] + bytes(end - start) + whole[end:],
        "no index": whole[:end],
    }
    for name, content in broken.items():
        found[name] = folder / f"{name}.mp4"
        found[name].write_bytes(content)
    return found


async def complete(path: Path, *, require: bool) -> list[Asset]:
    rows = Rows(str(path))
    handlers = Handlers(cast("Repository", rows), cast("Storage", Files()), Tools(), 20.0)
    size = path.stat().st_size
    asset = await handlers.complete(
        CompleteUpload(asset_id=ASSET, size=size, sha256="ab" * 32, family="f", require_video=require)
    )
    assert rows.completed == [asset]
    return rows.completed


@pytest.mark.parametrize("name", ["good", "no sound"])
async def test_a_video_is_taken(files: dict[str, Path], name: str) -> None:
    (asset,) = await complete(files[name], require=True)
    assert asset.info is not None
    assert asset.info.video is not None
    assert asset.probe_error is None


@pytest.mark.parametrize("name", ["only sound", "cover", "text", "empty", "no pictures in it", "no index"])
async def test_what_shows_no_picture_is_refused_where_one_is_required(
    files: dict[str, Path], name: str
) -> None:
    with pytest.raises(MediaError):
        await complete(files[name], require=True)
    assert await complete(files[name], require=False)
