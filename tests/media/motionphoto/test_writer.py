"""What goes into a Motion Photo, what is left out, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from libs.contracts.errors import MediaError
from libs.media.motionphoto import read, write
from libs.media.motionphoto.exif import MAX_THUMBNAIL
from tests.media.motionphoto.outside import Exiftool
from tests.media.motionphoto.parts import Parts, app, inserted
from tests.media.recipes import ffmpeg


def written(parts: Parts, **changed: Any) -> bytes:
    given: dict[str, Any] = {
        "picture": parts.picture,
        "video": parts.video,
        "presentation_us": 0,
        "taken_at": None,
        "thumbnail": None,
        **changed,
    }
    return write(given.pop("picture"), given.pop("video"), **given)


def test_without_time_and_thumbnail(parts: Parts, exiftool: Exiftool, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(written(parts))
    photo = read(path.read_bytes())
    assert (photo.taken_at, photo.thumbnail, photo.presentation_us) == (None, None, 0)
    assert exiftool.complaints(path) == []
    assert exiftool.binary(path, "MotionPhotoVideo") == parts.video
    assert "IFD0:ModifyDate" not in exiftool.tags(path)


WEST = timezone(-timedelta(hours=9, minutes=30))
TIMES = [
    (datetime(2026, 1, 2, 3, 4, 5), "2026:01:02 03:04:05", "+00:00"),  # noqa: DTZ001 (without a zone on purpose)
    (datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC), "2026:01:02 03:04:05", "+00:00"),
    (datetime(1999, 12, 31, tzinfo=WEST), "1999:12:31 00:00:00", "-09:30"),
    (datetime(900, 6, 7, tzinfo=timezone(timedelta(seconds=30))), "0900:06:06 23:59:30", "+00:00"),
]


@pytest.mark.parametrize("case", TIMES, ids=lambda case: str(case[0]))
def test_times(parts: Parts, exiftool: Exiftool, tmp_path: Path, case: tuple[datetime, str, str]) -> None:
    taken_at, stamp, zone = case
    path = tmp_path / "photo.jpg"
    path.write_bytes(written(parts, taken_at=taken_at))
    tags = exiftool.tags(path)
    assert (tags["ExifIFD:DateTimeOriginal"], tags["ExifIFD:OffsetTimeOriginal"]) == (stamp, zone)
    aware = taken_at if taken_at.tzinfo else taken_at.replace(tzinfo=UTC)
    assert read(path.read_bytes()).taken_at == aware.replace(microsecond=0)


@pytest.mark.parametrize("device", ["google", "samsung"])
def test_what_the_picture_said_of_itself_is_left_out(
    parts: Parts, exiftool: Exiftool, tmp_path: Path, device: str
) -> None:
    gps = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
    old = b"http://ns.adobe.com/xap/1.0/\0<x/>"
    own = (app(gps), app(old), app(b"Who made me", 0xFE), app(b"MPF\0MM\0*", 0xE2))
    data = written(parts, picture=inserted(parts.picture, *own), device=device)
    assert data == written(parts, device=device)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    assert exiftool.complaints(path) == []
    assert b"Lavc" not in data[: read(data).video_offset]


def test_a_colour_profile_stays(parts: Parts) -> None:
    profile = app(b"ICC_PROFILE\0\1\1" + b"profile" * 20, 0xE2)
    assert profile in written(parts, picture=inserted(parts.picture, profile))


def test_what_follows_the_picture_is_left_out(parts: Parts) -> None:
    assert written(parts, picture=parts.picture + b"\0" * 100) == written(parts)


@pytest.mark.parametrize(
    "options", ["-pix_fmt gray", "-pix_fmt yuvj444p", "-pix_fmt yuvj420p -huffman optimal"]
)
def test_kinds_of_jpeg(parts: Parts, exiftool: Exiftool, tmp_path: Path, options: str) -> None:
    source, path = tmp_path / "source.jpg", tmp_path / "photo.jpg"
    lavfi = ["-f", "lavfi", "-i", "testsrc2,scale=65:33", "-frames:v", "1"]
    ffmpeg(*lavfi, *options.split(), str(source))
    path.write_bytes(written(parts, picture=source.read_bytes()))
    assert exiftool.complaints(path) == []
    photo = read(path.read_bytes())
    assert (photo.width, photo.height) == (65, 33)


def test_a_picture_of_several_scans(parts: Parts, exiftool: Exiftool, tmp_path: Path) -> None:
    from PIL import Image

    source, path = tmp_path / "source.jpg", tmp_path / "photo.jpg"
    Image.effect_noise((300, 200), 60).convert("RGB").save(source, progressive=True, quality=95)
    path.write_bytes(written(parts, picture=source.read_bytes()))
    assert exiftool.complaints(path) == []
    assert read(path.read_bytes()).video == parts.video


def test_the_largest_thumbnail_fits(parts: Parts, exiftool: Exiftool, tmp_path: Path) -> None:
    at = parts.thumbnail.index(b"\xff\xdb")
    room = MAX_THUMBNAIL - len(parts.thumbnail) - 4
    largest = parts.thumbnail[:at] + app(b"x" * room, 0xFE) + parts.thumbnail[at:]
    assert len(largest) == MAX_THUMBNAIL
    path = tmp_path / "photo.jpg"
    path.write_bytes(written(parts, thumbnail=largest, taken_at=datetime.now(UTC), device="xiaomi"))
    assert exiftool.binary(path, "ThumbnailImage") == largest
    with pytest.raises(MediaError, match=r"thumbnail is larger than 60,000 bytes"):
        written(parts, thumbnail=largest + b"\0")


def test_refused_pictures(parts: Parts) -> None:
    for picture, complaint in (
        (b"", "not a JPEG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "not a JPEG"),
        (parts.picture[: len(parts.picture) // 2], "cut off"),
        (parts.picture[:-2], "cut off"),
        (parts.picture.replace(b"\xff\xc0", b"\xff\xc3"), "kind of JPEG"),
    ):
        with pytest.raises(MediaError, match=complaint):
            written(parts, picture=picture)
        with pytest.raises(MediaError, match=complaint):
            written(parts, thumbnail=picture)


def test_refused_videos(parts: Parts, tmp_path: Path) -> None:
    matroska = tmp_path / "video.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=d=0.2", str(matroska))
    only_ftyp = parts.video[: int.from_bytes(parts.video[:4], "big")]
    for video, complaint in (
        (b"", "not an MP4"),
        (matroska.read_bytes(), "not an MP4"),
        (parts.video.replace(b"ftypisom", b"ftypavc1"), "brand"),
        (parts.video[:-1], "cut off"),
        (parts.video + b"\0", "cut off"),
        (only_ftyp, "without any pictures"),
        (parts.video + b"\0\0\0\x08free" * 5_000, "too many boxes"),
    ):
        with pytest.raises(MediaError, match=complaint):
            written(parts, video=video)


@pytest.mark.parametrize("wrong", [{"device": "nokia"}, {"presentation_us": -1}])
def test_what_no_caller_may_ask(parts: Parts, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no Motion Photo"):
        written(parts, **wrong)
