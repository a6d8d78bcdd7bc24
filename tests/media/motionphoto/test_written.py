"""Every kind of file that is written, looked at by all who have to recognise it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from libs.media.motionphoto import DEVICES, MotionPhoto, read, write
from tests.media.looking import frames
from tests.media.motionphoto.outside import Exiftool, android_video, probe
from tests.media.motionphoto.parts import PRESENTATION_US, SIZE, TAKEN_AT, VIDEOS, Parts

UNKNOWN_TO_EXIFTOOL = re.compile(r"\[minor\] (Unknown|Non-standard) ExifIFD tag 0x8897( Exif_0x8897)?")
"""It remembers such a tag once it was asked for what it does not know."""


@dataclass(frozen=True)
class Case:
    device: str
    path: Path
    data: bytes
    video: bytes
    photo: MotionPhoto


@pytest.fixture(scope="module", params=[(device, kind) for device in DEVICES for kind in VIDEOS], ids=str)
def case(request: pytest.FixtureRequest, parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Case:
    device, kind = request.param
    video = parts.videos[kind]
    data = write(
        parts.picture,
        video,
        presentation_us=PRESENTATION_US,
        taken_at=TAKEN_AT,
        thumbnail=parts.thumbnail,
        device=device,
    )
    path = tmp_path_factory.mktemp("written") / "photo.MP.jpg"
    path.write_bytes(data)
    return Case(device, path, data, video, read(data))


def test_exiftool_has_nothing_to_say(case: Case, exiftool: Exiftool) -> None:
    complaints = exiftool.complaints(case.path)
    assert len(complaints) == (case.device == "xiaomi")
    assert all(UNKNOWN_TO_EXIFTOOL.fullmatch(each) for each in complaints)


def test_exiftool_finds_the_video(case: Case, exiftool: Exiftool) -> None:
    """Samsung's trailer counts as part of the video: whoever measures from the end has to find its start."""
    found = exiftool.binary(case.path, "Google:MotionPhotoVideo")
    assert found[: len(case.video)] == case.video
    behind = found[len(case.video) :]
    assert (behind[:4], behind[-4:]) == ((b"SEFH", b"SEFT") if case.device == "samsung" else (b"", b""))
    assert case.data.endswith(found)


def test_exiftool_reads_the_tags(case: Case, exiftool: Exiftool) -> None:
    tags = exiftool.tags(case.path, "-n")
    length = len(case.data) - case.photo.video_offset
    assert {name: tags[f"XMP-GCamera:{name}"] for name in ("MotionPhoto", "MotionPhotoVersion")} == {
        "MotionPhoto": 1,
        "MotionPhotoVersion": 1,
    }
    assert tags["XMP-GCamera:MotionPhotoPresentationTimestampUs"] == PRESENTATION_US
    assert (tags["XMP-GCamera:MicroVideo"], tags["XMP-GCamera:MicroVideoVersion"]) == (1, 1)
    assert tags["XMP-GCamera:MicroVideoOffset"] == length
    assert tags["XMP-GCamera:MicroVideoPresentationTimestampUs"] == PRESENTATION_US
    first, last = (each["Item"] for each in tags["XMP-GContainer:ContainerDirectory"])
    padding = 24 if case.device == "samsung" else 0
    assert first == {"Semantic": "Primary", "Mime": "image/jpeg", "Length": 0, "Padding": padding}
    assert last == {"Semantic": "MotionPhoto", "Mime": "video/mp4", "Length": length, "Padding": 0}


def test_exiftool_reads_the_exif(case: Case, exiftool: Exiftool, parts: Parts) -> None:
    tags = exiftool.tags(case.path)
    assert tags["IFD0:Orientation"] == "Horizontal (normal)"
    assert (tags["IFD0:Software"], tags["ExifIFD:ColorSpace"]) == ("Reelbus", "sRGB")
    for name in ("IFD0:ModifyDate", "ExifIFD:DateTimeOriginal", "ExifIFD:CreateDate"):
        assert tags[name] == "2026:01:31 23:59:58"
    for name in ("OffsetTime", "OffsetTimeOriginal", "OffsetTimeDigitized"):
        assert tags[f"ExifIFD:{name}"] == "+05:30"
    assert (tags["ExifIFD:ExifImageWidth"], tags["ExifIFD:ExifImageHeight"]) == SIZE
    assert tags["IFD1:Compression"] == "JPEG (old-style)"
    assert exiftool.binary(case.path, "ThumbnailImage") == parts.thumbnail


def test_exiftool_finds_what_the_maker_looks_for(case: Case, exiftool: Exiftool) -> None:
    tags = exiftool.tags(case.path)
    assert tags.get("ExifIFD:Exif_0x8897") == (1 if case.device == "xiaomi" else None)
    assert tags.get("Samsung:EmbeddedVideoType") == ("MotionPhoto_Data" if case.device == "samsung" else None)
    embedded = exiftool.binary(case.path, "Samsung:EmbeddedVideoFile")
    assert embedded == (case.video if case.device == "samsung" else b"")


def test_android_finds_the_video(case: Case) -> None:
    start, end = android_video(case.data)
    assert case.data.startswith(case.video, start)
    assert end == len(case.data)


def test_the_tail_plays(case: Case, tmp_path: Path) -> None:
    """What is left when the end is cut off by the length of the video, as simple readers do."""
    start, _ = android_video(case.data)
    found = probe(case.data[start:], tmp_path / "tail.mp4")
    video = next(each for each in found["streams"] if each["codec_type"] == "video")
    assert (video["codec_name"], video["width"], video["height"]) == ("h264", *SIZE)
    assert video["nb_read_frames"] == "25"
    assert found["format"]["tags"]["major_brand"] in ("isom", "mp42")


def test_pillow_opens_picture_and_thumbnail(case: Case) -> None:
    with Image.open(case.path) as picture:
        picture.load()
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", SIZE)
        exif = picture.getexif()
        assert exif[ExifTags.Base.Orientation] == 1
        small = exif.get_ifd(ExifTags.IFD.IFD1)
    assert small[ExifTags.Base.Compression] == 6
    start = case.data.index(b"Exif\0\0") + 6 + small[ExifTags.Base.JpegIFOffset]
    with Image.open(BytesIO(case.data[start : start + small[ExifTags.Base.JpegIFByteCount]])) as thumbnail:
        thumbnail.load()
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (160, 120))


def test_the_pixels_are_those_of_the_picture(case: Case, parts: Parts, tmp_path: Path) -> None:
    """To ffmpeg as to Pillow: what is left out says nothing of the colours."""
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(parts.picture)
    assert (frames(case.path, *SIZE) == frames(plain, *SIZE)).all()
    with Image.open(case.path) as one, Image.open(plain) as other:
        assert one.tobytes() == other.tobytes()


def test_own_reader(case: Case, parts: Parts) -> None:
    photo = case.photo
    assert (photo.width, photo.height, photo.orientation) == (*SIZE, 1)
    assert (photo.presentation_us, photo.device) == (PRESENTATION_US, case.device)
    assert photo.taken_at == TAKEN_AT
    assert photo.taken_at.utcoffset() == TAKEN_AT.utcoffset()
    assert photo.thumbnail == parts.thumbnail
    assert photo.video == case.video
    assert photo.video_size == len(case.video)
