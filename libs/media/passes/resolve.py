"""Edit-list algebra: any nesting of trims and concats becomes one list of exact parts of sources.

Trims pass through what does the same to every frame (`Fit`, most filters). They stop at nodes that make
or move frames, look at more than one, or do this now and that later (`Rate`, `Speed`, `Overlay`, a crop that
looks here and there, …) and stay there, in exact times. A
part of a concat that is left alone keeps its own size and sound layout.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import singledispatch

import msgspec

from libs.contracts.errors import InvalidInputError, MediaError
from libs.contracts.graph import (
    AudioMix,
    Canvas,
    Concat,
    Filter,
    Fit,
    Loop,
    Loudness,
    Node,
    Output,
    Overlay,
    Rate,
    Source,
    Speed,
    Subtitles,
    Trim,
)
from libs.media.clock import length_of
from libs.media.filters import keeps_times
from libs.media.passes.clocks import Clock, Frames, Scaled, Steady, exact, grid
from libs.media.passes.timeline import Piece, Timeline, build
from libs.media.passes.tracks import over
from libs.media.passes.tree import timeless, with_children
from libs.media.walk import children, nodes

__all__ = ["Frames", "edit_list", "needs_frames", "resolve"]

FramesOf = Callable[[Source], Frames]


def resolve(output: Output, frames_of: FramesOf) -> Output:
    """The graph with every trim pushed down to its sources, in frame-exact times (rounded down to whole
    microseconds).

    `frames_of` is asked once for each source, which has no edges then; never for one without pictures. The
    start of its video becomes what its frames say: probes tell of the first packet, which may show nothing.
    The tracks of `output` are those of the main source that is left, at the same positions. Raises
    `MediaError` when a trim leaves nothing, and whatever `frames_of` raises.
    """
    known: dict[str, Frames] = {}

    def once(source: Source) -> Frames:
        if source.object.sha256 not in known:
            known[source.object.sha256] = frames_of(source)
        return known[source.object.sha256]

    return over(output, build(_pieces(output.input, once)))


def edit_list(node: Node) -> list[Source] | None:
    """The sources in order, when `node` is nothing but sources one after the other."""
    if isinstance(node, Source):
        return [node]
    if not isinstance(node, Concat):
        return None
    parts = [edit_list(each) for each in node.inputs]
    return [source for part in parts if part is not None for source in part] if None not in parts else None


def needs_frames(output: Output) -> bool:
    """Whether frame times decide what this graph shows."""
    return output.keep or any(
        isinstance(node, Trim)
        or (isinstance(node, Concat) and length_of(node) is None)
        or (isinstance(node, Source) and (node.start is not None or node.end is not None))
        for node in nodes(output.input)
    )


@singledispatch
def _pieces(node: Node, frames_of: FramesOf) -> list[Piece]:
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@_pieces.register
def _(node: Source, frames_of: FramesOf) -> list[Piece]:
    whole = msgspec.structs.replace(node, start=None, end=None)
    video = node.info.video
    clock: Clock = Steady(exact(node.info.duration or 0.0))
    if video is not None:
        clock = frames = frames_of(whole)
        if frames.origin is not None:
            video = msgspec.structs.replace(video, start=float(frames.origin))
            whole = msgspec.structs.replace(whole, info=msgspec.structs.replace(node.info, video=video))
    if clock.end <= 0:
        raise MediaError("There is no frame in the video.")
    return Timeline([Piece(whole, clock, Fraction(0), clock.end)]).cut(node.start, node.end)


@_pieces.register
def _(node: Canvas, frames_of: FramesOf) -> list[Piece]:
    frames = grid(Fraction(node.rate), exact(node.length))
    return [Piece(node, frames, Fraction(0), frames.end)]


@_pieces.register
def _(node: Loop, frames_of: FramesOf) -> list[Piece]:
    end = exact(node.length)
    return [Piece(node, Steady(end), Fraction(0), end)]


@_pieces.register
def _(node: Trim, frames_of: FramesOf) -> list[Piece]:
    return Timeline(_pieces(node.input, frames_of)).cut(node.start, node.end)


@_pieces.register
def _(node: Concat, frames_of: FramesOf) -> list[Piece]:
    return [piece for each in node.inputs for piece in _pieces(each, frames_of)]


@_pieces.register
def _(node: Fit, frames_of: FramesOf) -> list[Piece]:
    pieces = _pieces(node.input, frames_of)
    if timeless(node):
        return [piece.covered(node) for piece in pieces]
    return _closed(node, pieces, Timeline(pieces), frames_of)


@_pieces.register
def _(node: Filter, frames_of: FramesOf) -> list[Piece]:
    pieces = _pieces(node.input, frames_of)
    if timeless(node):
        return [piece.covered(node) for piece in pieces]
    frames: Clock = Timeline(pieces)
    if not all(keeps_times(step) for step in node.steps):
        frames = Steady(frames.end)
    return _closed(node, pieces, frames, frames_of)


@_pieces.register(Overlay)
@_pieces.register(Subtitles)
@_pieces.register(AudioMix)
@_pieces.register(Loudness)
def _(node: Overlay | Subtitles | AudioMix | Loudness, frames_of: FramesOf) -> list[Piece]:
    pieces = _pieces(node.input, frames_of)
    return _closed(node, pieces, Timeline(pieces), frames_of)


@_pieces.register
def _(node: Rate, frames_of: FramesOf) -> list[Piece]:
    pieces = _pieces(node.input, frames_of)
    return _closed(node, pieces, grid(Fraction(node.rate), Timeline(pieces).end), frames_of)


@_pieces.register
def _(node: Speed, frames_of: FramesOf) -> list[Piece]:
    pieces = _pieces(node.input, frames_of)
    return _closed(node, pieces, Scaled(Timeline(pieces), exact(node.factor)), frames_of)


def _closed(node: Node, pieces: list[Piece], frames: Clock, frames_of: FramesOf) -> list[Piece]:
    """One piece: a node that trims do not pass, over resolved inputs, the first of which are `pieces`."""
    others = [build(_pieces(each, frames_of)) for each in children(node)[1:]]
    return [Piece(with_children(node, [build(pieces), *others]), frames, Fraction(0), frames.end)]
