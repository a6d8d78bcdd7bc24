"""Edit lists: pieces of whole clips, one after the other, and how a trim cuts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import msgspec

from libs.contracts.errors import MediaError
from libs.contracts.graph import Concat, Filter, Fit, Node, Source, Trim
from libs.media.passes.clocks import Clock, exact, rounded

Cover = Fit | Filter
"""A node that does to each frame the same, whichever frames come before or after it."""

_NOTHING = Concat(inputs=[])


@dataclass(frozen=True)
class Piece:
    """The frames of `whole` from `start` up to, not including, `end`: exact frame times, seconds.

    `whole` is a source without edges or a node that trims do not pass; `covers` are laid over it, the
    innermost first, without inputs of their own.
    """

    whole: Node
    frames: Clock
    start: Fraction
    end: Fraction
    covers: tuple[Cover, ...] = ()

    @property
    def length(self) -> Fraction:
        return self.end - self.start

    def covered(self, cover: Cover) -> Piece:
        return replace(self, covers=(*self.covers, msgspec.structs.replace(cover, input=_NOTHING)))

    def follows(self, before: Piece) -> bool:
        """Whether this is what comes in the same clip right after `before`."""
        same = _identity(self.whole) == _identity(before.whole) and self.covers == before.covers
        return same and self.start == before.end


@dataclass(frozen=True)
class Timeline:
    """Pieces one after the other, with one clock: that of what they make up."""

    pieces: Sequence[Piece]

    def at_or_after(self, time: Fraction) -> Fraction:
        for offset, piece in self.placed():
            if time < offset + piece.length:
                found = piece.frames.at_or_after(piece.start + max(time - offset, Fraction(0)))
                return offset + min(max(found, piece.start), piece.end) - piece.start
        return self.end

    @property
    def end(self) -> Fraction:
        return sum((piece.length for piece in self.pieces), Fraction(0))

    def placed(self) -> Iterator[tuple[Fraction, Piece]]:
        offset = Fraction(0)
        for piece in self.pieces:
            yield offset, piece
            offset += piece.length

    def cut(self, start: float | None, end: float | None) -> list[Piece]:
        """The pieces of the frames at or after `start` and before the first one at or after `end`.

        Raises `MediaError` when there are none.
        """
        first = self.at_or_after(exact(start or 0.0))
        last = self.end if end is None else self.at_or_after(exact(end))
        kept = []
        for offset, piece in self.placed():
            inner = max(first - offset, Fraction(0)), min(last - offset, piece.length)
            if inner[0] < inner[1]:
                kept.append(replace(piece, start=piece.start + inner[0], end=piece.start + inner[1]))
        if not kept:
            raise MediaError(_nothing_left(start, end, self.end))
        return kept


def build(pieces: Sequence[Piece]) -> Node:
    """The smallest tree that shows `pieces`. What is cut or joined has its end, even where that is the end of
    its source, so that its length is known."""
    joined = _joined(pieces)
    return _one(_build(joined, edges=len(joined) > 1))


def _build(pieces: Sequence[Piece], *, edges: bool) -> list[Node]:
    """One node for each run of pieces under the same cover, or for each piece without any."""
    nodes: list[Node] = []
    for cover, run in _runs(pieces):
        if cover is None:
            nodes += [_leaf(piece, edges=edges) for piece in run]
        else:
            bare = [replace(piece, covers=piece.covers[:-1]) for piece in run]
            nodes.append(msgspec.structs.replace(cover, input=_one(_build(bare, edges=edges))))
    return nodes


def _one(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Concat(inputs=nodes)


def _leaf(piece: Piece, *, edges: bool) -> Node:
    cut = edges or piece.start > 0 or piece.end < piece.frames.end
    start = rounded(piece.start) if edges or piece.start > 0 else None
    end = rounded(piece.end) if cut else None
    if isinstance(piece.whole, Source):
        return msgspec.structs.replace(piece.whole, start=start, end=end)
    if start is None and end is None:
        return piece.whole
    return Trim(input=piece.whole, start=start, end=end)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and piece.follows(joined[-1]):
            joined[-1] = replace(joined[-1], end=piece.end)
        else:
            joined.append(piece)
    return joined


def _runs(pieces: Sequence[Piece]) -> Iterator[tuple[Cover | None, list[Piece]]]:
    """Neighbours under the same outermost cover (which hold lists, so that nothing can hash them)."""
    run: list[Piece] = []
    for piece in pieces:
        if run and _outermost(run[-1]) != _outermost(piece):
            yield _outermost(run[-1]), run
            run = []
        run.append(piece)
    if run:
        yield _outermost(run[-1]), run


def _outermost(piece: Piece) -> Cover | None:
    return piece.covers[-1] if piece.covers else None


def _identity(node: Node) -> object:
    """Sources are their content, not their place in storage."""
    return (node.object.sha256, node.object.size) if isinstance(node, Source) else node


def _nothing_left(start: float | None, end: float | None, length: Fraction) -> str:
    if start is not None and exact(start) >= length:
        return f"The cut starts at {start:g} s, but the video ends at {float(length):g} s."
    until = f"{end:g} s" if end is not None else "its end"
    return f"There is no frame of the video between {start or 0.0:g} s and {until}."
