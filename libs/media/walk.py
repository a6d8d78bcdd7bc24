"""Going through the nodes of a graph."""

from __future__ import annotations

from collections.abc import Iterator

from libs.contracts.graph import AudioMix, Canvas, Concat, Node, Overlay, Source, Subtitles
from libs.contracts.media import ObjectRef


def children(node: Node) -> list[Node]:
    """The inputs of `node`, the one that it is mainly about first."""
    match node:
        case Source() | Canvas():
            return []
        case Concat():
            return list(node.inputs)
        case Overlay():
            return [node.input, node.layer]
        case AudioMix():
            return [node.input, *(sound.input for sound in node.sounds)]
        case _:
            return [node.input]


def nodes(root: Node) -> Iterator[Node]:
    """`root` and everything below it."""
    yield root
    for child in children(root):
        yield from nodes(child)


def sources(root: Node) -> Iterator[Source]:
    """The sources below `root`, from left to right."""
    return (node for node in nodes(root) if isinstance(node, Source))


def files(root: Node) -> dict[str, ObjectRef]:
    """Every stored object that `root` reads, by the sha256 of its bytes."""
    found = {source.object.sha256: source.object for source in sources(root)}
    return found | {node.file.sha256: node.file for node in nodes(root) if isinstance(node, Subtitles)}
