"""Pictures as every player and viewer shows them alike: opaque, square pixels, standard range, 8 bits."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from libs.contracts.graph import FilterStep, FilterValue
from libs.contracts.media import VideoStream
from libs.media.picture import MATRICES, is_rgb, matrix, step, tag_colours
from libs.media.tonemap import standard_steps

PLANAR_RGB = "gbrp"
FINE = "bicubic+accurate_rnd+full_chroma_int"
"""How swscale is to work where a picture is looked at closely."""
JPEG_MATRIX = "smpte170m"
"""JFIF is BT.601 over the full range."""


def size_within(video: VideoStream, box: tuple[int, int] | None, *, even: bool = False) -> tuple[int, int]:
    """The size of `video` as displayed, or the largest one of its shape that fits into `box`. `even` sides
    are at most as long, and at least 2."""
    shown = video.display_width, video.display_height
    most = box or shown
    share = min(Fraction(1), Fraction(most[0], shown[0]), Fraction(most[1], shown[1]))
    width, height = (max(round(side * share), 1) for side in shown)
    if not even:
        return width, height
    halves = ((side * share / 2, min(side, limit) // 2) for side, limit in zip(shown, most, strict=True))
    width, height = (max(min(round(half), limit), 1) * 2 for half, limit in halves)
    return width, height


def video_steps(video: VideoStream, width: int, height: int) -> list[FilterStep]:
    """`width` x `height` (even) in limited range and 4:2:0, tagged with what they are. The YUV matrix stays
    that of the source."""
    flat, video = _opaque(video)
    mapped = standard_steps(video)
    colours = {} if mapped else _limited(video)
    same_size = (width, height) == _stored(video)
    sized = [] if same_size and not colours else [step("scale", w=width, h=height, **colours)]
    finished = [step("setsar", sar=1), *mapped, step("format", pix_fmts="yuv420p")]
    tags = tag_colours(_rgb(video) if mapped else _told(video))
    return [*flat, *sized, *finished, *tags]


def jpeg_steps(video: VideoStream, width: int, height: int) -> list[FilterStep]:
    """`width` x `height` as JFIF wants them, with whole chroma: half of it would blur what the source has
    halved already once more."""
    flat, video = _opaque(video)
    mapped = standard_steps(video)
    given: dict[str, FilterValue] = (
        {"in_color_matrix": "bt709", "in_range": "tv"} if mapped else given_colours(video)
    )
    sized = [step("scale", w=width, h=height, flags=FINE)] if mapped else []
    return [
        *flat,
        *sized,
        *mapped,
        step("scale", w=width, h=height, flags=FINE, **given, out_color_matrix=JPEG_MATRIX, out_range="pc"),
        step("setsar", sar=1),
        step("format", pix_fmts="yuvj444p"),
    ]


def _opaque(video: VideoStream) -> tuple[list[FilterStep], VideoStream]:
    """What lays pictures over black, and what they are then."""
    if not video.alpha:
        return [], video
    steps = [
        step("scale", **given_colours(video)),
        step("format", pix_fmts="gbrap"),
        step("premultiply", inplace=1),
        step("format", pix_fmts=PLANAR_RGB),
    ]
    return steps, _rgb(video)


def _rgb(video: VideoStream) -> VideoStream:
    return msgspec.structs.replace(video, pixel_format=PLANAR_RGB, alpha=False)


def given_colours(video: VideoStream) -> dict[str, FilterValue]:
    """What the pictures are taken to be, whatever their frames say."""
    if is_rgb(video):
        return {}
    return {"in_color_matrix": matrix(video), "in_range": "pc" if video.color_range == "pc" else "tv"}


def _limited(video: VideoStream) -> dict[str, FilterValue]:
    """What makes them YUV of a limited range; nothing where they are that."""
    if is_rgb(video):
        return {"out_color_matrix": "bt709", "out_range": "tv"}
    return {"in_range": "pc", "out_range": "tv"} if video.color_range == "pc" else {}


def _told(video: VideoStream) -> VideoStream:
    """With the matrix that it is taken to have."""
    told = video.color_space if video.color_space in MATRICES else matrix(video)
    return msgspec.structs.replace(video, color_space=told, color_range="tv")


def _stored(video: VideoStream) -> tuple[int, int]:
    """After rotation."""
    turned = video.rotation in (90, 270)
    return (video.height, video.width) if turned else (video.width, video.height)
