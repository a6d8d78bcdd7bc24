"""How long what a graph shows is."""

from __future__ import annotations

from functools import singledispatch

from libs.contracts.graph import Canvas, Concat, Loop, Node, Source, Speed, Trim


@singledispatch
def duration_of(node: Node) -> float | None:
    """Seconds of `node` as far as the probes of its sources say; `None` where one says nothing. Most nodes
    last as long as their input."""
    found: float | None = duration_of(node.input)  # type: ignore[union-attr]  # a source has its own rule
    return found


@duration_of.register
def _(node: Source) -> float | None:
    video = node.info.video
    whole = (video.duration if video else None) or node.info.duration
    return _part(whole, node.start, node.end)


@duration_of.register(Canvas)
@duration_of.register(Loop)
def _(node: Canvas | Loop) -> float | None:
    return node.length


@duration_of.register
def _(node: Trim) -> float | None:
    return _part(duration_of(node.input), node.start, node.end)


@duration_of.register
def _(node: Concat) -> float | None:
    parts = [duration_of(each) for each in node.inputs]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


@duration_of.register
def _(node: Speed) -> float | None:
    whole = duration_of(node.input)
    return None if whole is None else whole / node.factor


def _part(whole: float | None, start: float | None, end: float | None) -> float | None:
    stop = min(each for each in (whole, end) if each is not None) if whole or end else None
    return None if stop is None else max(stop - (start or 0.0), 0.0)
