"""The cutter: exact edges for a graph and, where its packets may be kept, the result itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import av
import msgspec

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import Output, Source
from libs.media.cut.facts import Refused
from libs.media.cut.make import make
from libs.media.cut.pieces import plan_pieces
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.scan import TimelessError
from libs.media.cut.source import Media
from libs.media.cut.times import DecodedTimes, PacketTimes
from libs.media.passes.resolve import edit_list, resolve

Times = PacketTimes | DecodedTimes


def execute(request: CutRequest, on_progress: Callable[[float], None]) -> CutOutcome:
    """Resolve the graph of `request` and, when it keeps packets, try to write its destination.

    Nothing is at the destination when the outcome has no method. Raises `MediaError` when a source cannot
    be used or a trim leaves nothing, and what the storage raises.
    """
    with ExitStack() as stack:
        opened = _Opened(request, stack)
        graph = _resolve(request.graph, opened)
        outcome = CutOutcome(graph=graph)
        if graph.keep:
            outcome = _attempt(request, outcome, opened, on_progress)
        return msgspec.structs.replace(outcome, bytes_read=opened.bytes_read)


def _resolve(graph: Output, opened: _Opened) -> Output:
    """`graph` in exact times, which some containers tell only where they were not asked for."""
    while True:
        try:
            return resolve(graph, opened.frames_of)
        except TimelessError as error:
            opened.decode(error.media)


def _attempt(
    request: CutRequest, outcome: CutOutcome, opened: _Opened, on_progress: Callable[[float], None]
) -> CutOutcome:
    graph, destination = outcome.graph, Path(request.destination)
    try:
        sources = edit_list(graph.input)
        if sources is None:
            raise Refused("more is done to it than cutting")
        medias = [opened.media(source) for source in sources]
        pieces = plan_pieces(sources, medias, [opened.packet_times(source) for source in sources])
        made = make(pieces, graph, destination, on_progress)
        opened.check()
    except (Refused, av.FFmpegError, TimelessError) as problem:
        destination.unlink(missing_ok=True)
        opened.check()
        return msgspec.structs.replace(outcome, reason=_reason(problem))
    except BaseException:
        destination.unlink(missing_ok=True)
        raise
    method = "smart" if made.encoded else "copy"
    return msgspec.structs.replace(
        outcome, method=method, copied_packets=made.copied, encoded_frames=made.encoded
    )


def _reason(problem: Exception) -> str:
    if isinstance(problem, Refused):
        return f"The video cannot be cut without encoding all of it: {problem}."
    if isinstance(problem, TimelessError):
        return _reason(Refused("its container does not say when each picture is shown"))
    return _reason(Refused(f"libav reports {type(problem).__name__}"))


class _Opened:
    """The sources of a request, each opened once."""

    def __init__(self, request: CutRequest, stack: ExitStack) -> None:
        self._request, self._stack = request, stack
        self._medias: dict[str, Media] = {}
        self._times: dict[str, Times] = {}

    @property
    def bytes_read(self) -> int:
        return sum(media.input.bytes_read for media in self._medias.values())

    def check(self) -> None:
        """Raise what a read of a storage raised."""
        for media in self._medias.values():
            media.input.check()

    def media(self, source: Source) -> Media:
        name = source.object.sha256
        if name not in self._medias:
            target = self._request.inputs.get(name)
            if target is None:
                raise InvalidInputError("A source of this graph was not provided.")
            self._medias[name] = self._stack.enter_context(Media(source, target, self._request.threads))
        return self._medias[name]

    def frames_of(self, source: Source) -> Times:
        name = source.object.sha256
        if name not in self._times:
            media = self.media(source)
            try:
                self._times[name] = PacketTimes(media)
            except TimelessError:
                self.decode(media)
        return self._times[name]

    def decode(self, media: Media) -> None:
        """Take the frame times of `media` from its pictures."""
        [name] = [name for name, each in self._medias.items() if each is media]
        self._times[name] = DecodedTimes(media)

    def packet_times(self, source: Source) -> PacketTimes:
        times = self.frames_of(source)
        if isinstance(times, DecodedTimes):
            raise TimelessError(self.media(source))
        return times
