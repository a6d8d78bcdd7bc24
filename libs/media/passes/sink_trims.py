"""Cut first, then work on the frames: fewer frames to work on, and one name for both orders."""

from __future__ import annotations

import msgspec

from libs.contracts.graph import Filter, Fit, Node, Output, Trim
from libs.media.passes.tree import rewritten, timeless


def sink_trims(output: Output) -> Output:
    """Every trim under the nodes over it that do the same to every frame."""
    return msgspec.structs.replace(output, input=rewritten(output.input, _sink))


def _sink(node: Node) -> Node:
    if not isinstance(node, Trim):
        return node
    cover = node.input
    if isinstance(cover, Fit | Filter) and timeless(cover):
        return msgspec.structs.replace(
            cover, input=_sink(Trim(input=cover.input, start=node.start, end=node.end))
        )
    return node
