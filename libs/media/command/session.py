"""The inputs of one command: each leaf of the graph opened once, from a little before its first frame."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
from ffmpeg.nodes import FilterableStream, FilterNode, InputNode
from ffmpeg.nodes import Node as Drawn

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    Filter,
    FilterStep,
    FilterValue,
    Fit,
    Loop,
    Node,
    Output,
    Overlay,
    Rate,
    Source,
    Speed,
)
from libs.contracts.media import ObjectRef
from libs.media.clock import length_of, offset_of, seconds
from libs.media.inputs import PICTURES, input_options, input_url, is_url, transparent_decoder
from libs.media.passes.clocks import MICROSECONDS, exact
from libs.media.passes.tree import rewritten
from libs.media.walk import nodes, sources

Inputs = Mapping[str, str | Path]

AUDIBLE_SHIFT = Fraction(1, 2000)
"""Sound that is off by less than this stays as it is (seconds)."""

LEAD = Fraction(1, 10)
"""Decoding begins this long before a cut: the sound of codecs with overlap (AAC, Opus) needs packets before
the first one to sound right."""

LEADS = {"mpegts": Fraction(60), "mpeg": Fraction(60)} | dict.fromkeys(
    ("mov", "matroska", "flv", "asf", "ogg"), LEAD
)
"""By ffmpeg's name of the demuxer. Those of MPEG land on any frame at the wanted time, so that a key frame
has to be passed on the way. Others are read from their start: they find nothing, or (AVI with B frames) give
other times after a seek."""

SLACK = Fraction(1, 10)
"""How much more is read than what is wanted (seconds)."""

MANY_INPUTS = 16
"""With more inputs than this, each decoder has one thread: all of them hold frames at once."""


class _Input(InputNode):  # type: ignore[misc]  # ffmpeg-python has no types
    """An input that equals no other: ffmpeg-python takes nodes of the same arguments for one node, and a
    node whose output is used twice for an error."""

    def __hash__(self) -> int:
        return id(self)


class _Nothing(FilterNode):  # type: ignore[misc]  # ffmpeg-python has no types
    """A filter without inputs that equals no other."""

    def __init__(self, name: str, **options: FilterValue) -> None:
        Drawn.__init__(
            self, stream_spec=None, name=name, incoming_stream_types={},
            outgoing_stream_type=FilterableStream, min_inputs=0, max_inputs=0, args=[], kwargs=options,
        )  # fmt: skip

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class Part:
    """An opened leaf. `cut` is the time of its first picture in the clock of `stream`, `length` how much is
    wanted from there (seconds; `None`: all). `sought`: it is not read from its start; `whole`: nothing is to
    be done to it. `held` as in `Session`."""

    stream: Any
    cut: Fraction
    length: Fraction | None
    sought: bool
    whole: bool
    held: bool


@dataclass
class Session:
    """What one compilation has opened. `rebased`: the first picture is at time zero, and sound with it.
    `seen_through` are the sources whose transparency counts. `held` are the parts that begin with what is on
    the screen at their start: the last frame before it, which is decoded with all since the key frame,
    because nobody knows how long it has been there, whatever rate the container claims.
    `reads`: there is something to open."""

    inputs: Inputs
    threads: int
    rebased: bool
    seen_through: frozenset[int]
    held: frozenset[int]
    reads: bool = True
    parts: dict[int, Part] = field(default_factory=dict)

    def part(self, node: Source) -> Part:
        """`node` opened for decoding."""
        if id(node) not in self.parts:
            self.parts[id(node)] = self._open(node)
        return self.parts[id(node)]

    def packets(self, node: Source) -> Any:
        """`node` opened for copying: what begins and ends at its edges, as exactly as its packets allow."""
        start = offset_of(node.info) + exact(node.start or 0)
        options: dict[str, FilterValue] = {}
        if node.start is not None or start > AUDIBLE_SHIFT:
            options["ss"] = f"{float(start):.6f}"
        if node.end is not None:
            options["t"] = f"{node.end - (node.start or 0):.6f}"
        return self._input(node, options)

    def silence(self, rate: int, layout: str) -> Any:
        """Endless. In a command without any input it is one, because ffmpeg-python knows no such commands."""
        if not self.reads:
            return _Input(
                "input", kwargs={"f": "lavfi", "filename": f"anullsrc=r={rate}:cl={layout}"}
            ).stream()
        return _Nothing("anullsrc", r=rate, cl=layout).stream()

    def colour(self, color: str, width: int, height: int, rate: int) -> Any:
        """One frame."""
        return _Nothing(
            "color", c=f"0x{color[1:]}", s=f"{width}x{height}", r=rate, d=f"{1 / rate:.6f}"
        ).stream()

    def looped(self, node: Loop) -> Part:
        """`node` opened to be shown again and again; `cut` is the time of its first picture. ffmpeg is not
        to turn a still: its steps do that (`libs.media.orientation`)."""
        if id(node) not in self.parts:
            first, length, source = offset_of(node.input.info), exact(node.length), node.input
            options: dict[str, FilterValue | None] = {"noautorotate": None}
            if not is_still(node):
                options = {"stream_loop": -1, "t": seconds(first + length + SLACK)}
            options |= self._transparency(source)
            stream = self._input(source, options)
            self.parts[id(node)] = Part(stream, first, length, sought=False, whole=False, held=False)
        return self.parts[id(node)]

    def once(self, node: Loop, length: Fraction) -> Part:
        """The first `length` seconds of what `node` repeats, opened anew."""
        first = offset_of(node.input.info)
        stream = self._input(node.input, {"t": seconds(first + length + SLACK)})
        return Part(stream, first, length, sought=False, whole=False, held=False)

    def path(self, stored: ObjectRef) -> Path:
        """Where a file lies that is no input of its own: on this machine."""
        target = self._target(stored)
        if is_url(target):
            raise InvalidInputError("A file of this graph was not provided.")
        return Path(target).absolute()

    def _open(self, node: Source) -> Part:
        first, length = offset_of(node.info) + exact(node.start or 0), length_of(node)
        lead = next((LEADS[name] for name in node.info.formats if name in LEADS), None)
        begin, held = Fraction(0), id(node) in self.held
        if node.start and lead is not None and first > lead:
            begin = Fraction(math.floor((first - lead) * MICROSECONDS), MICROSECONDS)
        options: dict[str, FilterValue | None] = {"ss": seconds(begin)} if begin else {}
        if begin and held:
            options["noaccurate_seek"] = None
        elif length is not None:
            options["t"] = seconds(first - begin + length + SLACK)
        options |= self._transparency(node)
        whole = node.start is None and node.end is None and first < AUDIBLE_SHIFT
        whole = whole or not self.rebased
        return Part(self._input(node, options), first - begin, length, begin > 0, whole, held)

    def _transparency(self, node: Source) -> dict[str, str]:
        video = node.info.video
        return transparent_decoder(video) if video and id(node) in self.seen_through else {}

    def _input(self, node: Source, options: Mapping[str, FilterValue | None]) -> Any:
        target = self._target(node.object)
        opened = {"threads": self.threads, **input_options(target), **options, "filename": input_url(target)}
        return _Input("input", kwargs=opened).stream()

    def _target(self, stored: ObjectRef) -> str | Path:
        target = self.inputs.get(stored.key, self.inputs.get(stored.sha256))
        if target is None:
            raise InvalidInputError("A source of this graph was not provided.")
        return target


def session_for(output: Output, inputs: Inputs, threads: int) -> tuple[Session, Output]:
    """A session, and `output` with leaves of its own: equal leaves in two places are opened twice, because
    they are read at different times."""
    tree = rewritten(output.input, _own)
    leaves = list(sources(tree))
    kept = output.video.encoder == "copy" or any(audio.encoder == "copy" for audio in output.audio)
    each = 1 if len(leaves) > MANY_INPUTS else threads
    edited = not kept and _edited(tree)
    session = Session(inputs, each, edited, _seen_through(tree), _held(tree), reads=bool(leaves))
    return session, msgspec.structs.replace(output, input=tree)


def is_still(layer: Node) -> bool:
    """Whether a layer is one picture, which stays until somebody takes it away."""
    while isinstance(layer, Filter | Fit):
        layer = layer.input
    return isinstance(layer, Loop) and any(name.endswith(PICTURES) for name in layer.input.info.formats)


def _own(node: Node) -> Node:
    return msgspec.structs.replace(node) if isinstance(node, Source | Loop) else node


def _seen_through(tree: Node) -> frozenset[int]:
    """The sources that lie over something."""
    layers = [node.layer for node in nodes(tree) if isinstance(node, Overlay)]
    layers += [node for node in nodes(tree) if isinstance(node, Filter) and any(map(_uses_alpha, node.steps))]
    return frozenset(id(source) for layer in layers for source in sources(layer))


def _uses_alpha(step: FilterStep) -> bool:
    return step.name == "premultiply"


def _held(tree: Node) -> frozenset[int]:
    """The parts that become a constant rate."""
    found = set[int]()
    for rate in nodes(tree):
        node = rate.input if isinstance(rate, Rate) else None
        while isinstance(node, Speed | Fit | Filter):
            node = node.input
        if isinstance(node, Source) and node.start:
            found.add(id(node))
    return frozenset(found)


def _edited(tree: Node) -> bool:
    """Whether more is done to a source than filtering all of it."""
    return any(
        not isinstance(node, Source | Filter)
        or (isinstance(node, Source) and (node.start is not None or node.end is not None))
        for node in nodes(tree)
    )
