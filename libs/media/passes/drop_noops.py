"""Remove what does nothing: empty filter chains, `null`, cuts at the edges, speed 1, a concat of one."""

from __future__ import annotations

from functools import singledispatch

import msgspec

from libs.contracts.graph import AudioMix, Concat, Filter, Node, Output, Source, Speed, Trim
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
def _(node: Speed) -> Node:
    return node.input if node.factor == 1 else node


@_reduce.register
def _(node: Filter) -> Node:
    steps = [step for step in node.steps if step.name != "null"]
    return msgspec.structs.replace(node, steps=steps) if steps else node.input


@_reduce.register
def _(node: AudioMix) -> Node:
    return node.input if node.gain == 0 and not node.sounds else node
