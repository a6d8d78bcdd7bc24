"""Pictures of one size: fitted into a frame, or made alike before they are joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import ffmpeg

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import Canvas, Concat, Filter, Fit, Focus, Node, Source
from libs.media.clock import seconds
from libs.media.command.session import Session
from libs.media.passes.clocks import exact
from libs.media.passes.tree import main_source
from libs.media.walk import children

RESIZING = {"crop": {"w", "h"}, "pad": {"w", "h"}, "scale": {"w", "h"}}
"""Filters and the options with which they change the size."""
BLUR_SHRINK, BLUR_SIGMA = 8, 4
"""The background is blurred at an eighth of the size, where a small blur is a large one and costs nothing."""


class Shape(NamedTuple):
    """What a decoder shows: stored pixels after rotation, and the width of one by its height."""

    width: int
    height: int
    aspect: Fraction


def fit(stream: Any, width: int, height: int, mode: str, focus: Sequence[Focus] = ()) -> Any:
    """`stream` in exactly `width` x `height` square pixels; `dar` is the aspect as displayed."""
    if mode == "crop":
        fitted = _cover(stream, width, height, focus)
    elif mode == "blur":
        both = stream.filter_multi_output("split", 2)
        small = _cover(both[0], _even(width // BLUR_SHRINK), _even(height // BLUR_SHRINK))
        behind = small.filter("gblur", sigma=BLUR_SIGMA).filter("scale", w=width, h=height)
        front = _within(both[1], width, height)
        centre = {"x": "(W-w)/2", "y": "(H-h)/2"}
        fitted = ffmpeg.filter([behind.filter("setsar", 1), front.filter("setsar", 1)], "overlay", **centre,
                               format="auto")  # fmt: skip
    else:
        fitted = _within(stream, width, height).filter("pad", w=width, h=height, x="(ow-iw)/2", y="(oh-ih)/2")
    return fitted.filter("setsar", 1)


def conform(node: Concat, session: Session, pictures: Callable[[Node, Session], Any]) -> list[Any]:
    """The pictures of each input in the size, pixel aspect and pixel format of the first one."""
    streams = [pictures(each, session) for each in node.inputs]
    shapes = [_shape(each) for each in node.inputs]
    first = shapes[0]
    if len(set(shapes)) > 1 or first is None:
        if first is None or None in shapes:
            raise InvalidInputError(
                "Parts of unknown sizes have to be fitted into one before they are joined."
            )
        width, height = max(round(first.width * first.aspect / 2) * 2, 2), max(first.height // 2 * 2, 2)
        streams = [fit(stream, width, height, "pad") for stream in streams]
    else:
        aspect = f"{first.aspect.numerator}/{first.aspect.denominator}"
        streams = [stream.filter("setsar", aspect) for stream in streams]
    shown = [main_source(each).info.video for each in node.inputs]
    formats = [video.pixel_format if video else None for video in shown]
    if formats[0] and len(set(formats)) > 1:
        streams = [stream.filter("format", formats[0]) for stream in streams]
    return streams


def _within(stream: Any, width: int, height: int) -> Any:
    return stream.filter(
        "scale",
        w=f"max(2,round(min({width},{height}*dar)/2)*2)",
        h=f"max(2,round(min({height},{width}/dar)/2)*2)",
    )


def _cover(stream: Any, width: int, height: int, focus: Sequence[Focus] = ()) -> Any:
    """Cropped to nearly the shape first, so that what is scaled is never larger than what is needed."""
    shaped = stream.filter(
        "crop",
        w=f"min(iw,ceil(ih*{width}/({height}*sar)/2)*2)",
        h=f"min(ih,ceil(iw*sar*{height}/{width}/2)*2)",
        x=_edge("iw", "ow", [(each.start, each.x) for each in focus]),
        y=_edge("ih", "oh", [(each.start, each.y) for each in focus]),
        exact=1,
    )
    scaled = shaped.filter(
        "scale", w=f"ceil(max({width},{height}*dar)/2)*2", h=f"ceil(max({height},{width}/dar)/2)*2"
    )
    return scaled.filter("crop", w=width, h=height)


def _edge(whole: str, kept: str, looks: Sequence[tuple[float, float]]) -> str:
    """Where a crop begins, in pixels: on whole chroma samples, and so that it ends within the picture."""
    if not looks:
        return f"floor(({whole}-{kept})/4)*2"
    share, before = f"{looks[0][1]:.6f}", looks[0][1]
    for start, look in looks[1:]:
        share += f"{look - before:+.6f}*gte(t,{seconds(exact(start))})"
        before = look
    return f"clip(floor(({whole}*({share})-{kept}/2)/2)*2,0,{whole}-{kept})"


def _shape(node: Node) -> Shape | None:
    """`None` after filters that change the size."""
    if isinstance(node, Fit):
        return Shape(node.width, node.height, Fraction(1))
    if isinstance(node, Filter) and any(
        RESIZING.get(step.name, set()) & set(step.options) for step in node.steps
    ):
        return None
    if isinstance(node, Canvas):
        return Shape(node.width, node.height, Fraction(1))
    if isinstance(node, Source):
        return _shown(node)
    if isinstance(node, Concat) and len({_shape(each) for each in node.inputs}) > 1:
        video = main_source(node).info.video
        assert video is not None
        return Shape(_even(video.display_width), _even(video.display_height), Fraction(1))
    return _shape(children(node)[0])


def _shown(node: Source) -> Shape | None:
    video = node.info.video
    if video is None:
        return None
    aspect = Fraction(video.sample_aspect.replace(":", "/"))
    if video.rotation in (90, 270):
        return Shape(video.height, video.width, 1 / aspect)
    return Shape(video.width, video.height, aspect)


def _even(side: int) -> int:
    return max(side // 2 * 2, 2)
