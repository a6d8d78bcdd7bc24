"""Files of phones, and files that are not what they say."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from libs.contracts.errors import MediaError
from libs.media.motionphoto import read, write
from libs.media.motionphoto.samsung import HEADER, TRAILER_SIZE, trailer
from tests.media.motionphoto.outside import Exiftool
from tests.media.motionphoto.parts import Parts, Xmp, app, inserted, moving, primary


def photo(parts: Parts, xmp: Xmp, tail: bytes | None = None) -> bytes:
    return inserted(parts.picture, xmp.segment()) + (parts.video if tail is None else tail)


def test_a_terse_one(parts: Parts) -> None:
    """No EXIF, other prefixes."""
    found = read(photo(parts, Xmp([primary(), moving(len(parts.video))])))
    assert found.video == parts.video
    assert (found.orientation, found.taken_at, found.thumbnail) == (1, None, None)
    assert (found.presentation_us, found.device) == (480_000, "google")


@pytest.mark.parametrize("presentation", [None, "-1"])
def test_no_time_of_presentation(parts: Parts, presentation: str | None) -> None:
    xmp = Xmp([primary(), moving(len(parts.video))], presentation=presentation)
    assert read(photo(parts, xmp)).presentation_us == -1


def test_a_gain_map_and_padding_before_the_video(parts: Parts) -> None:
    gain_map = ("GainMap", "image/jpeg", len(parts.thumbnail), 0)
    xmp = Xmp([primary(6), gain_map, moving(len(parts.video))])
    found = read(photo(parts, xmp, b"\0" * 6 + parts.thumbnail + parts.video))
    assert found.video == parts.video


def test_written_as_elements(parts: Parts, exiftool: Exiftool, tmp_path: Path) -> None:
    """As exiftool writes XMP."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(parts.picture)
    items = "[{Item={Semantic=Primary,Mime=image/jpeg,Length=0,Padding=0}},"
    items += f"{{Item={{Semantic=MotionPhoto,Mime=video/mp4,Length={len(parts.video)},Padding=0}}}}]"
    tags = ["MotionPhoto=1", "MotionPhotoVersion=1", "MotionPhotoPresentationTimestampUs=7"]
    exiftool.write(
        path, *(f"XMP-GCamera:{tag}" for tag in tags), f"XMP-GContainer:ContainerDirectory={items}"
    )
    data = path.read_bytes() + parts.video
    assert b"<GCamera:MotionPhoto>1<" in data
    found = read(data)
    assert (found.video, found.presentation_us) == (parts.video, 7)


def test_samsung_with_other_blocks(parts: Parts) -> None:
    """A name in front, and a trailer that tells of it too."""
    end = trailer(len(parts.video))
    note = b"\0\0\x01\x0a" + (4).to_bytes(4, "little") + b"Note" + b"1234567890"
    back = len(HEADER) + len(parts.video)
    entries = b"\0\0\x01\x0a" + (back + len(note)).to_bytes(4, "little") + len(note).to_bytes(4, "little")
    entries += end[12:24]
    directory = end[:8] + (2).to_bytes(4, "little") + entries
    end = directory + len(directory).to_bytes(4, "little") + b"SEFT"
    tail = note + HEADER + parts.video + end
    xmp = Xmp([primary(len(note) + len(HEADER)), moving(len(parts.video) + len(end))])
    found = read(photo(parts, xmp, tail))
    assert (found.device, found.video) == ("samsung", parts.video)


def test_samsung_that_disagrees(parts: Parts) -> None:
    tail = HEADER + parts.video + trailer(len(parts.video))
    length = len(parts.video) + TRAILER_SIZE
    with pytest.raises(MediaError, match="another video"):
        read(photo(parts, Xmp([primary(len(HEADER) + 8), moving(length - 8)]), tail))
    for damaged in (tail[:-8] + b"\xff\xff\xff\x7fSEFT", tail[:-24] + b"\xff" * 12 + tail[-12:]):
        with pytest.raises(MediaError):
            read(photo(parts, Xmp([primary(len(HEADER)), moving(length)]), damaged))


def test_lengths_that_do_not_add_up(parts: Parts) -> None:
    size = len(parts.video)
    for items in (
        [primary(1), moving(size)],
        [primary(), moving(size - 1)],
        [primary(), moving(size + 1)],
        [primary(), moving(10**17)],
        [primary(), ("GainMap", "image/jpeg", 5, 0), moving(size)],
    ):
        with pytest.raises(MediaError, match="do not add up"):
            read(photo(parts, Xmp(items)))
    with pytest.raises(MediaError, match="do not add up"):
        read(photo(parts, Xmp([primary(), moving(size)])) + b"\0")


def test_a_last_part_that_is_no_video(parts: Parts) -> None:
    size = len(parts.video)
    for items, complaint in (
        ([primary(), ("GainMap", "image/jpeg", size, 0)], "not its video"),
        ([primary(), moving(size), ("GainMap", "image/jpeg", 0, 0)], "not its video"),
        ([primary(), moving(0)], "not its video"),
        ([moving(size), primary()], "does not begin with its picture"),
        ([primary()], "does not begin with its picture"),
        ([], "where its video is"),
        ([primary(), moving(-size)], "makes no sense"),
        ([primary(), moving("much")], "number that is none"),
        ([primary(), moving(size, "1e3")], "number that is none"),
        ([primary()] * 40, "too many parts"),
    ):
        with pytest.raises(MediaError, match=complaint):
            read(photo(parts, Xmp(items)))


def test_what_is_no_motion_photo(parts: Parts) -> None:
    items = [primary(), moving(len(parts.video))]
    for xmp, complaint in (
        (Xmp(items, motion="0"), "not a Motion Photo"),
        (Xmp(items, motion="2"), "not a Motion Photo"),
        (Xmp(items, version="2"), "version"),
        (Xmp(items, presentation="-2"), "before its video"),
    ):
        with pytest.raises(MediaError, match=complaint):
            read(photo(parts, xmp))
    with pytest.raises(MediaError, match="no XMP"):
        read(parts.picture + parts.video)
    with pytest.raises(MediaError, match="not a JPEG"):
        read(parts.video)
    with pytest.raises(MediaError, match="not an MP4"):
        read(photo(parts, Xmp(items), b"\0" * len(parts.video)))


def test_xml_that_attacks(parts: Parts) -> None:
    items = [primary(), moving(len(parts.video))]
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    outside = '<!DOCTYPE x SYSTEM "file:///etc/passwd">'
    for more in (bomb, outside, "<", '<?xml version="1.0" encoding="klingon"?>', "<a>" * 20_000):
        with pytest.raises(MediaError, match="XMP of the picture is damaged"):
            read(photo(parts, Xmp(items, more=more)))
    nested = app(b"http://ns.adobe.com/xap/1.0/\0" + b"<a>" * 9_000 + b"</a>" * 9_000)
    with pytest.raises(MediaError, match="not a Motion Photo"):
        read(inserted(parts.picture, nested) + parts.video)


@pytest.mark.parametrize("order", ["II", "MM"])
def test_exif_that_attacks(parts: Parts, order: str) -> None:
    """Directories that point at themselves or outside, and thousands of values as large as all of it."""
    endian = "little" if order == "II" else "big"
    magic = b"II*\0" if order == "II" else b"MM\0*"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, endian)  # type: ignore[arg-type]  # little or big

    head = magic + number(8, 4)
    entry = number(0x9003, 2) + number(2, 2) + number(60_000, 4) + number(8, 4)
    loop = number(0x8769, 2) + number(4, 2) + number(1, 4) + number(8, 4)
    xmp = Xmp([primary(), moving(len(parts.video))])
    for body in (
        head + number(5_000, 2) + entry * 5_000 + number(8, 4),
        head + number(1, 2) + loop + number(8, 4),
        head + number(0xFFFF, 2) + loop,
        magic + number(0xFFFF_FFFF, 4),
        magic,
        b"",
    ):
        data = photo(parts, xmp)
        data = inserted(data, app(b"Exif\0\0" + body))
        tracemalloc.start()
        try:
            read(data)
        except MediaError:
            pass
        finally:
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert most < 4 << 20


def test_a_large_video_is_not_copied(parts: Parts) -> None:
    """Not when it is read; the writer copies it once."""
    padded = parts.video + (64 << 20).to_bytes(4, "big") + b"free" + b"\0" * ((64 << 20) - 8)
    tracemalloc.start()
    data = write(parts.picture, padded, presentation_us=0, taken_at=None, thumbnail=None, device="samsung")
    _, writing = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    found = read(data)
    _, reading = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert writing < len(data) + (1 << 20)
    assert reading - before < 1 << 20
    assert found.video is found.video
