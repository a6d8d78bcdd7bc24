"""Times and lengths of what a resolved graph shows, in exact seconds."""

from __future__ import annotations

from fractions import Fraction
from functools import singledispatch

from libs.contracts.graph import Canvas, Concat, Loop, Node, Rate, Source, Speed, Trim
from libs.contracts.media import MediaInfo
from libs.media.passes.clocks import exact, grid
from libs.media.walk import children

MOST = Fraction(2, 1000)
"""The largest margin of a cut (seconds)."""


def seconds(time: Fraction) -> str:
    """For ffmpeg, to the microsecond."""
    return f"{float(time):.6f}".rstrip("0").rstrip(".")


def offset_of(info: MediaInfo) -> Fraction:
    """How long after the start of its file the first picture is shown. ffmpeg counts from the former."""
    if info.video is None or info.video.start is None or info.start is None:
        return Fraction(0)
    return max(exact(info.video.start) - exact(info.start), Fraction(0))


def margin(node: Node) -> Fraction:
    """How far before a frame it is cut, so that rounding cannot lose it nor catch the one before it."""
    rate = nominal_rate(node)
    return min(1 / rate / 4, MOST) if rate else MOST


def nominal_rate(node: Node) -> Fraction:
    """Frames a second; 0 where nothing is known."""
    if isinstance(node, Source | Canvas):
        return Fraction(node.info.video.nominal_rate) if node.info.video else Fraction(0)
    if isinstance(node, Rate):
        return Fraction(node.rate)
    rate = nominal_rate(children(node)[0])
    return rate * exact(node.factor) if isinstance(node, Speed) else rate


@singledispatch
def length_of(node: Node) -> Fraction | None:
    """Exact seconds where the graph says so; `None` for a source that is not cut at its end."""
    return length_of(children(node)[0])


@length_of.register
def _(node: Source) -> Fraction | None:
    return None if node.end is None else exact(node.end) - exact(node.start or 0)


@length_of.register
def _(node: Canvas) -> Fraction | None:
    return grid(Fraction(node.rate), exact(node.length)).end


@length_of.register
def _(node: Loop) -> Fraction | None:
    return exact(node.length)


@length_of.register
def _(node: Trim) -> Fraction | None:
    end = length_of(node.input) if node.end is None else exact(node.end)
    return None if end is None else end - exact(node.start or 0)


@length_of.register
def _(node: Concat) -> Fraction | None:
    total = Fraction(0)
    for each in node.inputs:
        length = length_of(each)
        if length is None:
            return None
        total += length
    return total


@length_of.register
def _(node: Speed) -> Fraction | None:
    length = length_of(node.input)
    return None if length is None else length / exact(node.factor)


@length_of.register
def _(node: Rate) -> Fraction | None:
    length = length_of(node.input)
    return None if length is None else grid(Fraction(node.rate), length).end
