"""Two nodes of one type, one right over the other, become one where that shows the same."""

from __future__ import annotations

from functools import singledispatch

import msgspec

from libs.contracts.graph import Concat, Filter, Fit, Node, Output, Rate, Source, Trim
from libs.media.passes.tree import rewritten


def join_nested(output: Output) -> Output:
    """The same pictures and sound from fewer nodes."""
    return msgspec.structs.replace(output, input=rewritten(output.input, _join))


@singledispatch
def _join(node: Node) -> Node:
    return node


@_join.register
def _(node: Filter) -> Node:
    inner = node.input
    if not isinstance(inner, Filter):
        return node
    return Filter(input=inner.input, steps=[*inner.steps, *node.steps])


@_join.register
def _(node: Trim) -> Node:
    """Times in a clip that begins where its source begins are times in the source, rounding included."""
    inner = node.input
    if not isinstance(inner, Source | Trim) or inner.start:
        return node
    ends = [end for end in (inner.end, node.end) if end is not None]
    end = min(ends, default=None)
    if end is not None and end <= (node.start or 0):
        return node  # nothing is left: the check says so in the words of the user's own times
    return msgspec.structs.replace(inner, start=node.start, end=end)


@_join.register
def _(node: Concat) -> Node:
    parts = [each.inputs if isinstance(each, Concat) else [each] for each in node.inputs]
    return Concat(inputs=[each for part in parts for each in part])


@_join.register
def _(node: Fit) -> Node:
    inner = node.input
    same = isinstance(inner, Fit) and (inner.width, inner.height) == (node.width, node.height)
    return inner if same else node


@_join.register
def _(node: Rate) -> Node:
    inner = node.input
    return inner if isinstance(inner, Rate) and inner.rate == node.rate else node
