"""Looking into a Motion Photo, of ours or of a phone; nothing in it is trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from libs.contracts.errors import MediaError
from libs.media.motionphoto import jpeg, mp4, samsung, xmp
from libs.media.motionphoto.data import Data
from libs.media.motionphoto.exif import Exif
from libs.media.motionphoto.exif import parse as parse_exif

_VIDEOS = ("video/mp4", "video/quicktime")


@dataclass(frozen=True)
class MotionPhoto:
    """`width` and `height` are those of the stored pixels, before `orientation` (1…8 as in EXIF).
    `presentation_us` is when the video shows the picture, -1 where the file does not say. `taken_at` knows
    its zone. `device` is one of `DEVICES`. `data` is the whole file (a map of one stays open as long as
    that is asked for), which nothing is copied of but what is asked for."""

    width: int
    height: int
    orientation: int
    taken_at: datetime | None
    thumbnail: bytes | None = field(repr=False)
    presentation_us: int
    device: str
    video_offset: int
    video_size: int
    data: Data = field(repr=False, compare=False)

    @cached_property
    def video(self) -> bytes:
        """The MP4, without the trailer of a maker: a copy, made once."""
        return self.data[self.video_offset : self.video_offset + self.video_size]


def read(data: Data) -> MotionPhoto:
    """Follow the 1.0 text: the last part is the video, parts are measured from the end of the file, and what
    is left is the picture, to the byte. Takes time for the picture, not for the video. Raises `MediaError`
    naming what is wrong."""
    picture = jpeg.parse(data)
    packet = picture.app(jpeg.APP1, jpeg.XMP)
    if packet is None:
        raise MediaError("This is not a Motion Photo: it has no XMP.")
    described = xmp.parse(packet)
    start = _start(described.items, picture.end, len(data))
    block = samsung.find(data)
    if block is not None and block.start != start:
        raise MediaError("The trailer of the Motion Photo tells of another video.")
    end = block.end if block is not None else len(data)
    mp4.major_brand(data, start, end)
    about = picture.app(jpeg.APP1, jpeg.EXIF)
    said = parse_exif(about) if about is not None else Exif()
    return MotionPhoto(
        width=picture.width,
        height=picture.height,
        orientation=said.orientation,
        taken_at=said.taken_at,
        thumbnail=said.thumbnail,
        presentation_us=described.presentation_us,
        device="samsung" if block is not None else "xiaomi" if said.xiaomi else "google",
        video_offset=start,
        video_size=end - start,
        data=data,
    )


def _start(items: tuple[xmp.Item, ...], picture_end: int, size: int) -> int:
    """Where the last part begins."""
    first, last = items[0], items[-1]
    if first.semantic != "Primary" or len(items) < 2:
        raise MediaError("The Motion Photo does not begin with its picture.")
    if last.mime not in _VIDEOS or last.semantic != "MotionPhoto" or not last.length:
        raise MediaError("The last part of the Motion Photo is not its video.")
    at = size
    for each in reversed(items[1:]):
        at -= each.length
    if at - first.padding != picture_end:
        raise MediaError("The lengths of the parts of the Motion Photo do not add up to the file.")
    return size - last.length
