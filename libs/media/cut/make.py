"""Making the result of planned pieces: reading each once, from its first packet to its last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.packet import Packet

from libs.contracts.graph import Output
from libs.media.cut.check import check
from libs.media.cut.facts import DEEPEST, Refused
from libs.media.cut.fitting import packing, recipes
from libs.media.cut.pictures import Picture, Pictures
from libs.media.cut.pieces import Piece
from libs.media.cut.planned import Planned
from libs.media.cut.sound import UncopyableError
from libs.media.cut.stamps import Stamps, TooDeepError, common_tick
from libs.media.cut.tracks import Heard, open_tracks
from libs.media.cut.write import Writer

SLACK = 2
"""Seconds of pictures that are read past the end of a part for sound that is stored later."""
BEFORE, AROUND = Fraction(1, 4), Fraction(1)
"""Seconds before a part from which on its sound is read: for decoders that need some packets first, and for
containers without an index of every packet, where sound may be stored earlier than its pictures."""
DELAYED = ("flv",)
"""Containers that show everything later by the decoding times before 0: these are kept short."""
INDEXED = ("mov,mp4,m4a,3gp,3g2,mj2",)


@dataclass(frozen=True)
class Made:
    """A checked result: packets that were copied, pictures that were encoded."""

    copied: int
    encoded: int


def make(
    pieces: Sequence[Piece], graph: Output, destination: Path, on_progress: Callable[[float], None]
) -> Made:
    """Write and check the result; `Refused` when that cannot be done well. What is at the destination then
    is nothing to keep."""
    reached = 0.0

    def report(done: float) -> None:
        nonlocal reached
        reached = max(reached, done)
        on_progress(reached)

    depth, padded = max(piece.depth for piece in pieces), set[int]()
    while True:
        try:
            making = _Making(pieces, graph, destination, depth=min(depth, DEEPEST), padded=padded)
            planned = making.run(report)
            break
        except TooDeepError as error:
            if depth >= DEEPEST:
                raise Refused("its pictures are in a strange order") from error
            depth = DEEPEST
        except _TrackError as error:
            padded.add(error.number)
    check(destination, planned, pieces[0].media.threads)
    on_progress(1.0)
    return Made(planned.copied, planned.encoded)


class _TrackError(Exception):
    """The track `number` has to be encoded."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Making:
    def __init__(
        self,
        pieces: Sequence[Piece],
        graph: Output,
        destination: Path,
        *,
        depth: int,
        padded: set[int],
    ) -> None:
        self._pieces = pieces
        tick = common_tick([piece.media.tick for piece in pieces])
        if tick is None:
            raise Refused("the clocks of the videos do not fit together")
        self._tick = tick
        medias = [piece.media for piece in pieces]
        self._total = sum((piece.length for piece in pieces), Fraction(0))
        step = Fraction(1, 1000) if graph.container in DELAYED else medias[0].frame * medias[0].tick
        self._stamps = Stamps(depth, max(round(step / tick), 1))
        self._origin: tuple[Fraction, bool] | None = None
        self._recipes, self._sets = recipes(pieces)
        self._packing = packing(pieces, self._sets, graph.container)
        self._tracks = open_tracks(
            graph.audio,
            medias,
            graph.container,
            padded=padded,
            from_start=len(pieces) == 1 and pieces[0].from_start,
        )
        self._planned = Planned(medias[0].codec if medias[0].smart else "", tick)
        self._writer = Writer(
            destination,
            graph.container,
            media=medias[0],
            packing=self._packing,
            tracks=self._tracks,
            tick=tick,
        )
        self._on_progress: Callable[[float], None] = lambda _: None

    def run(self, on_progress: Callable[[float], None]) -> Planned:
        """Write everything; what it should be."""
        self._on_progress = on_progress
        with self._writer:
            for number, piece in enumerate(self._pieces):
                self._piece(number, piece)
            for number, track in enumerate(self._tracks):
                self._hear(number, track.close())
        self._planned.end = round(self._total / self._tick)
        return self._planned

    def _piece(self, number: int, piece: Piece) -> None:
        media = piece.media
        recipe, sets = self._recipes.get(media), self._sets.get(media, ())
        pictures = Pictures(piece.part, media, recipe, self._packing, sets, joined=number > 0)
        span = piece.span(last=number == len(self._pieces) - 1)
        heard: dict[int, list[int]] = {}
        for position, track in enumerate(self._tracks):
            track.begin(number, span)
            if (stream := track.streams[number]) is not None:
                heard.setdefault(stream.index, []).append(position)
        for packet in self._packets(number, piece, pictures):
            if packet.stream_index == media.index:
                self._show(piece, pictures.feed(packet))
            for position in heard.get(packet.stream_index, ()):
                self._hear(position, self._tracks[position].feed(packet))
        if media.damaged:
            raise Refused("it is damaged")
        pictures.end()
        for position, track in enumerate(self._tracks):
            self._hear(position, track.end())
        for look in pictures.looks:
            self._planned.look(self._at(piece, look.pts), look)

    def _packets(self, number: int, piece: Piece, pictures: Pictures) -> Iterator[Packet[Any]]:
        """Everything of the piece, and as little more as possible."""
        media, part = piece.media, piece.part
        streams = [stream for track in self._tracks if (stream := track.streams[number]) is not None]
        before = BEFORE if media.container.format.name in INDEXED else AROUND
        entry = part.entry
        sound = part.start * media.tick - before if streams else entry * media.tick
        limit = part.end + round(SLACK / media.tick)
        for packet in media.play(entry, streams, sound):
            yield packet
            if pictures.done and all(track.done for track in self._tracks):
                break
            if pictures.done and packet.stream_index == media.index and (packet.pts or 0) > limit:
                break

    def _show(self, piece: Piece, pictures: Iterator[Picture]) -> None:
        scale = piece.media.tick / self._tick
        for picture in pictures:
            pts = self._at(piece, picture.pts)
            origin = (piece.offset, picture.original is None)
            self._planned.show(picture, pts, seam=origin != self._origin)
            self._origin = origin
            self._writer.picture(picture, pts, self._stamps(pts), int(picture.duration * scale))
            self._on_progress(0.95 * float(pts * self._tick / self._total))

    def _hear(self, number: int, packets: Iterator[Heard]) -> None:
        track = self._tracks[number]
        try:
            for heard in packets:
                self._planned.hear(number, track.rate, heard)
                self._writer.sound(number, track.rate, heard)
        except UncopyableError as error:
            raise _TrackError(number) from error

    def _at(self, piece: Piece, pts: int) -> int:
        """A time of the piece on the clock of the result."""
        at = (piece.offset + (pts - piece.part.start) * piece.media.tick) / self._tick
        assert at.denominator == 1
        return int(at)
