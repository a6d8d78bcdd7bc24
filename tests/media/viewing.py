"""What a player shows and plays of a file.

PyAV brings libraries of its own, which are newer than those of the ffmpeg under test, and decodes in this
process: a small clip in a few milliseconds, while ffmpeg takes 65 ms of a core to start.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Step = tuple[str, str]
"""A filter of libavfilter and its arguments."""
UPRIGHT: dict[int, tuple[Step, ...]] = {
    0: (),
    90: (("transpose", "cclock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "clock"),),
}
"""By the degrees, counter-clockwise, of a display matrix."""


def pictures(path: Path) -> Iterator[tuple[Fraction, av.VideoFrame]]:
    """Every frame that is shown of the first stream that is no cover, with its seconds since the start of the
    file. What does not decode is left out."""
    with av.open(str(path)) as container:
        stream = next(each for each in container.streams.video if not _still(each))
        start, last = _start(container), -1
        for frame in _decoded(container, stream):
            last = _clock(frame, last) if container.format.name == "avi" else frame.pts
            yield last * frame.time_base - start, frame


def beginning(path: Path) -> Fraction:
    """What the clock of a file says at its start, in seconds."""
    with av.open(str(path)) as container:
        return _start(container)


def looked_at(path: Path, pixels: str, *steps: Step) -> Iterator[tuple[Fraction, NDArray[Any]]]:
    """The same frames upright, after `steps`, as arrays of the pixel format `pixels`."""
    graph: Graph | None = None
    for time, frame in pictures(path):
        graph = graph or _seen(frame, pixels, steps)
        graph.push(frame)
        yield time, graph.pull().to_ndarray()


def heard(
    path: Path, *, hertz: int, layout: str = "mono", track: int = 0, steps: tuple[Step, ...] = ()
) -> Samples:
    """(samples, channels) of a sound track after `steps`, whose clock begins with the file."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        start = _start(container)
        last = ("aformat", f"sample_fmts=flt:channel_layouts={layout}:sample_rates={hertz}")
        graph: Graph | None = None
        found = list[NDArray[Any]]()
        for frame in _decoded(container, stream):
            graph = graph or _played(frame, (*steps, last))
            if frame.pts is not None:  # a piece without a time follows the one before
                frame.pts -= round(start / frame.time_base)
            graph.push(frame)
            found += _ready(graph)
        if graph:
            graph.push(None)
            found += _ready(graph)
    channels = len(av.AudioLayout(layout).channels)
    return np.concatenate([np.empty(0, np.float32), *[each.ravel() for each in found]]).reshape(-1, channels)


def _start(container: Any) -> Fraction:
    return Fraction(container.start_time or 0, av.time_base)


def _still(stream: av.VideoStream) -> bool:
    still = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return bool(stream.disposition & still)


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _clock(frame: av.VideoFrame, last: int) -> int:
    """AVI only counts what is decoded, and says nothing of the last frames when some are decoded early."""
    return last + 1 if frame.dts is None else int(frame.dts)


def _seen(frame: av.VideoFrame, pixels: str, steps: tuple[Step, ...]) -> Graph:
    graph = Graph()
    shown = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    _chain(graph, shown, (*UPRIGHT[round(frame.rotation) % 360], *steps, ("format", pixels)), "buffersink")
    return graph


def _played(frame: av.AudioFrame, steps: tuple[Step, ...]) -> Graph:
    graph = Graph()
    played = graph.add_abuffer(
        sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
    )
    _chain(graph, played, steps, "abuffersink")
    return graph


def _chain(graph: Graph, first: Any, steps: tuple[Step, ...], sink: str) -> None:
    last = first
    for name, arguments in (*steps, (sink, "")):
        following = graph.add(name, arguments)
        last.link_to(following)
        last = following
    graph.configure()


def _ready(graph: Graph) -> Iterator[NDArray[Any]]:
    while True:
        try:
            yield graph.pull().to_ndarray()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
