"""Putting a Motion Photo together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from libs.contracts.errors import MediaError
from libs.media.motionphoto import exif, jpeg, mp4, samsung, xmp
from libs.media.motionphoto.data import Data

DEVICES = ("google", "samsung", "xiaomi")
"""What `wrap` can make: the standard alone, or with what the gallery of one maker looks for besides."""

_KEPT_APPS = {*range(0xE2, 0xF0)}
"""Application segments of the picture that stay: colour profiles and the like."""


@dataclass(frozen=True)
class Wrapping:
    """What stands before the video of a Motion Photo, and behind it."""

    head: bytes = field(repr=False)
    tail: bytes = field(repr=False)


def wrap(
    picture: bytes,
    video: Data,
    *,
    presentation_us: int,
    taken_at: datetime | None,
    thumbnail: bytes | None,
    device: str = "google",
) -> Wrapping:
    """A Motion Photo of the JPEG `picture`, which is upright sRGB, and the MP4 `video`, which shows it
    `presentation_us` microseconds after its start. The video is the last thing in it; for Samsung a trailer
    stands behind, which counts as part of the video, as it does in Samsung's own.

    `taken_at` is UTC unless it says otherwise. `thumbnail` is a JPEG of at most 60,000 bytes. Whatever else
    the picture says of itself is left out. Raises `MediaError` for what does not fit, `ValueError` for a
    device that is not one of `DEVICES` or a negative time.
    """
    if device not in DEVICES or presentation_us < 0:
        raise ValueError(f"no Motion Photo for {device!r} at {presentation_us} us")
    found = jpeg.parse(picture)
    if thumbnail is not None:
        jpeg.parse(thumbnail)
    if mp4.major_brand(video, 0, len(video)) not in mp4.BRANDS:
        raise MediaError("The video is an MP4 of a brand that readers of Motion Photos do not look for.")
    before, behind = _around(len(video), device)
    described = exif.build(found.width, found.height, taken_at, thumbnail, xiaomi=device == "xiaomi")
    located = xmp.build(presentation_us, length=len(video) + len(behind), padding=len(before))
    head: tuple[bytes | memoryview, ...] = (
        jpeg.SOI,
        jpeg.segment(jpeg.APP1, described),
        jpeg.segment(jpeg.APP1, located),
        *(jpeg.segment(each.marker, each.body) for each in found.segments if _stays(each)),
        memoryview(picture)[found.scan : found.end],
        before,
    )
    return Wrapping(b"".join(head), behind)


def write(
    picture: bytes,
    video: bytes,
    *,
    presentation_us: int,
    taken_at: datetime | None,
    thumbnail: bytes | None,
    device: str = "google",
) -> bytes:
    """All of the file that `wrap` is a part of."""
    around = wrap(
        picture,
        video,
        presentation_us=presentation_us,
        taken_at=taken_at,
        thumbnail=thumbnail,
        device=device,
    )
    return b"".join((around.head, video, around.tail))


def _around(video_size: int, device: str) -> tuple[bytes, bytes]:
    """What stands between the picture and the video, and behind the video."""
    if device == "samsung":
        return samsung.HEADER, samsung.trailer(video_size)
    return b"", b""


def _stays(segment: jpeg.Segment) -> bool:
    """EXIF has to come first, so JFIF cannot; an MPF index would point into nothing."""
    if segment.marker == jpeg.COMMENT or segment.is_app(jpeg.APP2, jpeg.MPF):
        return False
    return segment.marker not in range(jpeg.APP0, 0xF0) or segment.marker in _KEPT_APPS
