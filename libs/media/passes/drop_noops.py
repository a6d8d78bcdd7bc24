"""Remove what does nothing: empty filter chains, `null`, a cut at the very start; join nested chains."""

from __future__ import annotations

from functools import singledispatch

import msgspec

from libs.contracts.graph import Filter, Output, Source


def drop_noops(output: Output) -> Output:
    """The same pictures from the smallest equal tree."""
    return msgspec.structs.replace(output, input=_reduce(output.input))


@singledispatch
def _reduce(node: Source | Filter) -> Source | Filter:
    return node


@_reduce.register
def _(node: Source) -> Source:
    return msgspec.structs.replace(node, start=None) if node.start == 0 else node


@_reduce.register
def _(node: Filter) -> Source | Filter:
    inner = _reduce(node.input)
    steps = [step for step in node.steps if step.name != "null"]
    if not steps:
        return inner
    if isinstance(inner, Filter):
        return Filter(input=inner.input, steps=[*inner.steps, *steps])
    return Filter(input=inner, steps=steps)
