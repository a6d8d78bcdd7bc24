"""Rebuilding a graph, and its first leaf."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from libs.contracts.graph import AudioMix, Canvas, Concat, Filter, Fit, Node, Overlay, Source
from libs.media.filters import sees_one_frame
from libs.media.walk import children


def with_children(node: Node, inputs: Sequence[Node]) -> Node:
    """`node` over other inputs, as many as `walk.children` gives and in that order."""
    match node:
        case Source() | Canvas():
            return node
        case Concat():
            return Concat(inputs=list(inputs))
        case Overlay():
            return msgspec.structs.replace(node, input=inputs[0], layer=inputs[1])
        case AudioMix():
            pairs = zip(node.sounds, inputs[1:], strict=True)
            sounds = [msgspec.structs.replace(sound, input=other) for sound, other in pairs]
            return msgspec.structs.replace(node, input=inputs[0], sounds=sounds)
        case _:
            return msgspec.structs.replace(node, input=inputs[0])


def rewritten(node: Node, rewrite: Callable[[Node], Node]) -> Node:
    """The tree below `node` with `rewrite` applied to every node of it, inputs first."""
    return rewrite(with_children(node, [rewritten(child, rewrite) for child in children(node)]))


def timeless(node: Fit | Filter) -> bool:
    """Whether `node` does to each frame the same, whichever frames come before it and whenever: a trim may go
    below it."""
    if isinstance(node, Fit):
        return len(node.focus) < 2
    return all(map(sees_one_frame, node.steps))


def main_source(node: Node) -> Source | Canvas:
    """The leaf whose sound, subtitles and tags go with the pictures: the first one."""
    while not isinstance(node, Source | Canvas):
        node = children(node)[0]
    return node
