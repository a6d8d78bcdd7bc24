"""The pictures of each node, as filters. Their first frame is at time zero unless nothing was edited."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch
from typing import Any

import ffmpeg

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    AudioMix,
    Canvas,
    Concat,
    Filter,
    Fit,
    Loop,
    Loudness,
    Node,
    Overlay,
    Rate,
    Source,
    Speed,
    Subtitles,
    Trim,
)
from libs.media.clock import length_of, margin, seconds
from libs.media.command.fitting import conform, fit
from libs.media.command.session import Session, is_still
from libs.media.passes.clocks import MICROSECONDS, exact, grid
from libs.media.passes.tree import main_source
from libs.media.walk import sources

FINE = f"1/{MICROSECONDS}"
"""A time base in which frame times can be computed with."""
HD = {"range": "tv", "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709"}
FRESH = "PTS-STARTPTS"


@singledispatch
def pictures(node: Node, session: Session) -> Any:
    """The ffmpeg-python stream that carries the pictures of `node`."""
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@pictures.register
def _(node: Source, session: Session) -> Any:
    assert node.info.video is not None
    part = session.part(node)
    stream = part.stream[str(node.info.video.index)]
    if part.whole:
        return stream
    early = margin(node)
    if not part.sought:  # what is read from its start can be counted from its first frame, whenever that is
        first, stream = exact(node.start or 0), stream.filter("setpts", FRESH)
    else:
        first = part.cut
    edges = {}
    if node.start and not part.held:
        edges["start"] = seconds(first - early)
    if part.length is not None:
        edges["end"] = seconds(first + part.length - early)
    stream = stream.filter("trim", **edges) if edges else stream
    if part.held:
        return stream.filter("settb", FINE).filter("setpts", f"PTS-{round(first * MICROSECONDS)}")
    return stream.filter("setpts", FRESH) if node.start else stream


@pictures.register
def _(node: Canvas, session: Session) -> Any:
    return _lasting(_drawn(node, session), node)


@pictures.register
def _(node: Loop, session: Session) -> Any:
    """ffmpeg takes the last picture for as long as an average one, which those of GIF seldom are: with their
    number and the length of all, each round begins when it should."""
    video = node.input.info.video
    assert video is not None
    stream = session.looped(node).stream[str(video.index)].filter("setpts", FRESH)
    count, length = video.declared_frames, video.duration or node.input.info.duration
    if video.codec != "gif" or not count or not length or length >= node.length:
        return stream
    turn = f"if(gte(N,{count}),st(0,if(eq(N,{count}),PTS,ld(0))))"
    late = f"floor(N/{count})*({seconds(exact(length))}/TB-ld(0))"
    return stream.filter("settb", FINE).filter("setpts", f"{turn};PTS+{late}")


@pictures.register
def _(node: Trim, session: Session) -> Any:
    early = margin(node.input)
    edges = {"start": seconds(exact(node.start) - early)} if node.start else {}
    if node.end is not None:
        edges["end"] = seconds(exact(node.end) - early)
    return pictures(node.input, session).filter("trim", **edges).filter("setpts", FRESH)


@pictures.register
def _(node: Concat, session: Session) -> Any:
    """ffmpeg's `concat` guesses the duration of each last frame, so each part is put at its exact time and
    `interleave` lets them through in order. Every frame keeps its time, whatever the rates of the parts."""
    placed, offset = [], Fraction(0)
    for each, stream in zip(node.inputs, conform(node, session, pictures), strict=True):
        length = length_of(each)
        if length is None:
            raise InvalidInputError("The lengths of the parts that are to be joined are not known.")
        fine = stream.filter("settb", FINE)
        late = round(offset * MICROSECONDS)
        placed.append(fine.filter("setpts", f"PTS+{late}") if late else fine)
        offset += length
    return ffmpeg.filter(placed, "interleave", n=len(placed))


@pictures.register
def _(node: Fit, session: Session) -> Any:
    return fit(pictures(node.input, session), node.width, node.height, node.mode, node.focus)


@pictures.register
def _(node: Rate, session: Session) -> Any:
    """At each moment of the grid, the frame that is shown then; as many as come nearest to the length.
    The grid begins with the first frame, or at time zero where frames come before that.

    Where the length is known it is seen to, because ffmpeg does not know how long the last frame is shown."""
    rate, early = Fraction(node.rate), min(margin(node), margin(node.input))
    end = f"PTS-{seconds(1 / rate / 2)}/TB"
    # Without a position it is the end, which is after the first frame even where it is half a frame away.
    shift = f"if(isnan(POS),if(lt({end},1),1,{end}),PTS-{seconds(early)}/TB)"
    stream = pictures(node.input, session).filter("settb", FINE).filter("setpts", shift)
    held = any(session.part(source).held for source in sources(node.input))
    begins = {"start_time": 0} if held else {}
    stream = stream.filter("fps", fps=node.rate, round="up", **begins)
    length = length_of(node.input)
    if length is None:
        return stream
    return stream.filter("tpad", stop=-1, stop_mode="clone").filter(
        "trim", end_frame=grid(rate, length).count
    )


@pictures.register
def _(node: Speed, session: Session) -> Any:
    return pictures(node.input, session).filter("settb", FINE).filter("setpts", f"PTS/{node.factor:g}")


@pictures.register
def _(node: Filter, session: Session) -> Any:
    stream = pictures(node.input, session)
    for step in node.steps:
        stream = stream.filter(step.name, **step.options)
    return stream


@pictures.register
def _(node: Overlay, session: Session) -> Any:
    canvas = _canvas(node)
    if canvas is not None and _is_drawing(node):
        return _lasting(_drawn(node, session), canvas)
    below, layer = pictures(node.input, session), pictures(node.layer, session)
    start = seconds(exact(node.start))
    if node.start:
        layer = layer.filter("settb", FINE).filter("setpts", f"PTS+{start}/TB")
    shown = [f"gte(t,{start})"] if node.start else []
    shown += [f"lt(t,{seconds(exact(node.end))})"] if node.end is not None else []
    options = {"enable": "*".join(shown)} if shown else {}
    ends = "repeat" if is_still(node.layer) else "pass"
    # What is not known may be RGB or have fine colours; `auto` makes everything see-through first.
    blended = "auto" if canvas is None else "yuv420"
    return ffmpeg.filter(
        [below, layer], "overlay", x=node.x, y=node.y, eof_action=ends, format=blended, **options
    )


@pictures.register
def _(node: Subtitles, session: Session) -> Any:
    """By the `ass` filter, which reads nothing but ASS: `subtitles` would open whatever a file pretends to
    be, playlists included."""
    return pictures(node.input, session).filter("ass", filename=str(session.path(node.file)))


@pictures.register(AudioMix)
@pictures.register(Loudness)
def _(node: AudioMix | Loudness, session: Session) -> Any:
    return pictures(node.input, session)


def _canvas(node: Node) -> Canvas | None:
    """The canvas below everything, if there is one."""
    leaf = main_source(node)
    return leaf if isinstance(leaf, Canvas) else None


def _is_drawing(node: Node) -> bool:
    """Whether it is one picture all the time: a canvas under stills that are not taken away."""
    while isinstance(node, AudioMix | Overlay):
        if isinstance(node, Overlay) and (node.start or node.end is not None or not is_still(node.layer)):
            return False
        node = node.input
    return isinstance(node, Canvas)


def _drawn(node: Node, session: Session) -> Any:
    """The one frame of a drawing, with whole colours, so that everything is exactly where it is wanted; in
    those of HD video: `color` knows no other matrix than BT.601."""
    if isinstance(node, AudioMix):
        return _drawn(node.input, session)
    if isinstance(node, Overlay):
        below, layer = _drawn(node.input, session), pictures(node.layer, session)
        return ffmpeg.filter(
            [below, layer], "overlay", x=node.x, y=node.y, eof_action="repeat", format="yuv444"
        )
    assert isinstance(node, Canvas)
    stream = session.colour(node.color, node.width, node.height, node.rate)
    stream = stream.filter("format", "gbrp").filter("scale", out_color_matrix="bt709", out_range="tv")
    return stream.filter("format", "yuv444p").filter("setparams", **HD)


def _lasting(frame: Any, canvas: Canvas) -> Any:
    """`frame` again and again, as long as the canvas."""
    frames = grid(Fraction(canvas.rate), exact(canvas.length)).count
    stream = frame.filter("format", "yuv420p").filter("setparams", **HD)
    stream = stream.filter("loop", loop=frames - 1, size=1) if frames > 1 else stream
    return stream.filter("settb", f"1/{canvas.rate}").filter("setpts", "N")
