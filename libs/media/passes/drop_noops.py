"""Remove what does nothing: empty filter chains, `null`, cuts at the edges, speed 1, a concat of one, a
focus where the crop looks already."""

from __future__ import annotations

from functools import singledispatch

import msgspec

from libs.contracts.graph import AudioMix, Concat, Filter, Fit, Focus, Node, Output, Source, Speed, Trim
from libs.media.passes.tree import rewritten


def drop_noops(output: Output) -> Output:
    """The same pictures and sound from fewer nodes."""
    return msgspec.structs.replace(output, input=rewritten(output.input, _reduce))


@singledispatch
def _reduce(node: Node) -> Node:
    return node


@_reduce.register
def _(node: Source) -> Node:
    return msgspec.structs.replace(node, start=None) if node.start == 0 else node


@_reduce.register
def _(node: Trim) -> Node:
    if not node.start and node.end is None:
        return node.input
    return msgspec.structs.replace(node, start=None) if node.start == 0 else node


@_reduce.register
def _(node: Concat) -> Node:
    return node.inputs[0] if len(node.inputs) == 1 else node


@_reduce.register
def _(node: Fit) -> Node:
    """The first focus counts from the beginning, whatever its start; the centre is what a crop looks at by
    itself."""
    kept: list[Focus] = []
    for focus in node.focus:
        if not kept:
            kept.append(msgspec.structs.replace(focus, start=0.0))
        elif (focus.x, focus.y) != (kept[-1].x, kept[-1].y):
            kept.append(focus)
    if len(kept) == 1 and (kept[0].x, kept[0].y) == (0.5, 0.5):
        kept = []
    return node if kept == node.focus else msgspec.structs.replace(node, focus=kept)


@_reduce.register
def _(node: Speed) -> Node:
    return node.input if node.factor == 1 else node


@_reduce.register
def _(node: Filter) -> Node:
    steps = [step for step in node.steps if step.name != "null"]
    return msgspec.structs.replace(node, steps=steps) if steps else node.input


@_reduce.register
def _(node: AudioMix) -> Node:
    return node.input if node.gain == 0 and not node.sounds else node
