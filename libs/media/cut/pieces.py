"""What is known of each part before anything is written: its plan, and where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from libs.contracts import graph
from libs.media.cut.facts import Fact, Refused, Settled, reorder_depth
from libs.media.cut.nal import Entry, Leading
from libs.media.cut.plan import Part, first_join, plan_part
from libs.media.cut.scan import scan
from libs.media.cut.sound import Span
from libs.media.cut.source import Media
from libs.media.cut.times import PacketTimes
from libs.media.passes.clocks import exact

LONGEST_EDGE = 30
"""Seconds of pictures that are encoded here at most before the first that can be copied."""
LONGEST_RUN = 60
"""Seconds that are decoded at most to get there."""


@dataclass(frozen=True)
class Piece:
    """A part of an opened source, `offset` seconds into the result. `depth`: how deeply pictures are
    reordered in it, as far as was seen."""

    media: Media
    part: Part
    offset: Fraction
    depth: int
    from_start: bool

    @property
    def length(self) -> Fraction:
        """Seconds."""
        return (self.part.end - self.part.start) * self.media.tick

    def span(self, *, last: bool) -> Span:
        tick = self.media.tick
        return Span(self.offset, self.part.start * tick, self.part.end * tick, last)


def plan_pieces(
    sources: Sequence[graph.Source], medias: Sequence[Media], times: Sequence[PacketTimes]
) -> list[Piece]:
    """The plan of each of `sources`, which are resolved. Raises `Refused`."""
    pieces: list[Piece] = []
    offset = Fraction(0)
    for source, media, clock in zip(sources, medias, times, strict=True):
        start = clock.zero if source.start is None else clock.pts(exact(source.start))
        end = clock.last if source.end is None else clock.pts(exact(source.end))
        part, depth = _plan(media, start, end)
        if part.encoded and not media.smart:
            raise Refused(f"{media.codec} video can be cut at its key frames only")
        if part.encoded and media.info.video and media.info.video.interlaced:
            raise Refused("it is interlaced")
        piece = Piece(
            media, part, offset, max(depth, media.video.codec_context.reorder_depth), start == clock.zero
        )
        pieces.append(piece)
        offset += piece.length
    check_alike(pieces)
    if any(media.damaged for media in medias):
        raise Refused("it is damaged")
    return pieces


def check_alike(pieces: Sequence[Piece]) -> None:
    """`Refused` when the pictures of some pieces cannot be in one track with those of the others."""
    seen = {_looks(piece.media) for piece in pieces}
    if len(seen) > 1:
        raise Refused("the videos are of different kinds")
    if not pieces[0].media.smart and len({p.media.video.codec_context.extradata for p in pieces}) > 1:
        raise Refused("the videos were encoded in different ways")


def _looks(media: Media) -> tuple[object, ...]:
    video = media.info.video
    assert video is not None
    colours = video.color_primaries, video.color_transfer, video.color_space, video.color_range
    size = video.width, video.height, video.sample_aspect, video.rotation, video.interlaced
    return (media.codec, video.pixel_format, *size, *colours)


def _plan(media: Media, start: int, end: int) -> tuple[Part, int]:
    longest, furthest = (round(seconds / media.tick) for seconds in (LONGEST_EDGE, LONGEST_RUN))
    head = scan(media, start, _decodable, lambda: _Head(start, end, longest))
    if start - head[0].pts > furthest:
        raise Refused("there are too few pictures in it that can be decoded by themselves")
    tail: list[Fact] = []
    if (join := first_join(head, start, end)) is not None:
        low = head[join].pts

        def fits(fact: Fact) -> bool:
            return _decodable(fact) and fact.shown and low <= fact.pts < end

        tail = scan(media, end - 1, fits, lambda: Settled(end))
    return plan_part(head, tail, start, end), max(reorder_depth(head), reorder_depth(tail))


def _decodable(fact: Fact) -> bool:
    return fact.entry is not Entry.NONE and fact.leading is Leading.NO


class _Head:
    """Enough once the first join is known with all that is shown before it, or that there is none."""

    def __init__(self, start: int, end: int, longest: int) -> None:
        self._start, self._end, self._limit = start, end, start + longest
        self._settled = Settled(end)
        self._join: int | None = None

    def __call__(self, fact: Fact) -> bool:
        if self._join is not None:
            return fact.pts > self._join
        if fact.joinable and self._start <= fact.pts < self._end:
            self._join = fact.pts
            return False
        if fact.pts > self._limit:
            raise Refused("there are too few pictures in it where a copy could begin")
        return self._settled(fact)
