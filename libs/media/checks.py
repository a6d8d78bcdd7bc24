"""What each node of a graph may be: bounds, in words for the user."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import singledispatch

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    AudioMix,
    Canvas,
    Concat,
    Filter,
    Fit,
    Loop,
    Loudness,
    Node,
    Overlay,
    Rate,
    Source,
    Speed,
    Subtitles,
    Trim,
)
from libs.media.filters import check_step
from libs.media.passes.plain_rates import RATE
from libs.media.reasons import no_video
from libs.media.rhythm import MAX_RATE
from libs.media.walk import children, sources

MAX_DEPTH, MAX_NODES, MAX_SOURCES, MAX_STEPS, MAX_ALL_STEPS = 64, 2048, 512, 64, 2048
MIN_SIDE, MAX_SIDE = 16, 8192
FIT_MODES = ("pad", "crop", "blur")
MAX_FOCUS = 128
"""Points that one crop looks at, one after the other."""
SPEEDS, GAINS, TARGETS, PEAKS = (0.1, 10.0), (-60.0, 30.0), (-70.0, -5.0), (-9.0, 0.0)
LENGTHS = (0.001, 86_400.0)
"""Seconds of what is made of nothing, or of something again and again."""
MAX_SUBTITLES = 64 << 20
"""Bytes of a subtitle file."""

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_MEASURES = {"integrated": (-99.0, 20.0), "true_peak": (-199.0, 99.0), "range": (0.0, 99.0),
             "threshold": (-99.0, 0.0), "offset": (-99.0, 99.0)}  # fmt: skip
"""What is found in sound, the loudest and the faintest included."""


def check_tree(root: Node) -> None:
    """`InvalidInputError` for a graph that is too large, and for any node of it that makes no sense."""
    _check_extent(root)
    waiting = [(root, False)]
    while waiting:
        node, heard_only = waiting.pop()
        if isinstance(node, Source) and heard_only:
            _check_times(node.start, node.end)
        else:
            _check(node)
        inner = children(node)
        heard = isinstance(node, AudioMix)
        waiting += [(child, heard_only or (heard and position > 0)) for position, child in enumerate(inner)]


def _check_extent(root: Node) -> None:
    nodes, steps, leaves, waiting = 0, 0, 0, [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        own = len(node.steps) if isinstance(node, Filter) else 0
        steps += own
        leaves += isinstance(node, Source)
        wide = nodes > MAX_NODES or steps > MAX_ALL_STEPS or leaves > MAX_SOURCES
        if depth > MAX_DEPTH or own > MAX_STEPS or wide:
            raise InvalidInputError("This graph is too complex.")
        waiting += [(child, depth + 1) for child in children(node)]


def _check_times(start: float | None, end: float | None) -> None:
    for time in (start, end):
        if time is not None and not (math.isfinite(time) and time >= 0):
            raise InvalidInputError("Times must not be negative.")
    if end is not None and end <= (start or 0):
        raise InvalidInputError("The end must be after the start.")


def _check_size(width: int, height: int) -> None:
    for side in (width, height):
        if side % 2 or not MIN_SIDE <= side <= MAX_SIDE:
            raise InvalidInputError(f"Sizes must be even numbers between {MIN_SIDE} and {MAX_SIDE}.")


def _check_range(what: str, value: float, bounds: tuple[float, float], unit: str = "") -> None:
    if not bounds[0] <= value <= bounds[1]:  # nor is a NaN
        raise InvalidInputError(f"{what} must be between {bounds[0]:g} and {bounds[1]:g}{unit}.")


@singledispatch
def _check(node: Node) -> None:
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@_check.register
def _(node: Source) -> None:
    _check_times(node.start, node.end)
    if node.info.duration is not None and (node.start or 0) >= node.info.duration > 0:
        raise InvalidInputError("The start is past the end of the video.")
    if node.info.video is None:
        raise InvalidInputError(no_video(node.info))


@_check.register
def _(node: Canvas) -> None:
    _check_size(node.width, node.height)
    if not 1 <= node.rate <= MAX_RATE:
        raise InvalidInputError(f"The frame rate must be between 1 and {MAX_RATE}.")
    _check_range("The length", node.length, LENGTHS, " seconds")
    if not _COLOR.fullmatch(node.color):
        raise InvalidInputError("A colour is #RRGGBB.")


@_check.register
def _(node: Loop) -> None:
    _check_range("The length", node.length, LENGTHS, " seconds")
    if node.input.start is not None or node.input.end is not None:
        raise InvalidInputError("Only what is whole is repeated.")


@_check.register
def _(node: Trim) -> None:
    _check_times(node.start, node.end)


@_check.register
def _(node: Concat) -> None:
    if not node.inputs:
        raise InvalidInputError("There is nothing to join.")


@_check.register
def _(node: Fit) -> None:
    _check_size(node.width, node.height)
    if node.mode not in FIT_MODES:
        raise InvalidInputError(f"A picture is fitted by one of: {', '.join(FIT_MODES)}.")
    if node.focus:
        _check_focus(node)


def _check_focus(node: Fit) -> None:
    if node.mode != "crop":
        raise InvalidInputError("Only a crop looks at something.")
    if len(node.focus) > MAX_FOCUS:
        raise InvalidInputError(f"A crop looks at {MAX_FOCUS} points at most.")
    for before, focus in zip([None, *node.focus], node.focus, strict=False):
        _check_times(focus.start, None)
        if before is not None and focus.start <= before.start:
            raise InvalidInputError("A crop looks at one point after the other.")
        _check_range("What a crop looks at", focus.x, (0.0, 1.0))
        _check_range("What a crop looks at", focus.y, (0.0, 1.0))


@_check.register
def _(node: Rate) -> None:
    if not RATE.fullmatch(node.rate) or not 1 <= Fraction(node.rate) <= MAX_RATE:
        raise InvalidInputError(f"The frame rate must be between 1 and {MAX_RATE}.")


@_check.register
def _(node: Speed) -> None:
    _check_range("The speed", node.factor, SPEEDS)


@_check.register
def _(node: Filter) -> None:
    for step in node.steps:
        check_step(step)


@_check.register
def _(node: Overlay) -> None:
    _check_times(node.start, node.end)
    if max(abs(node.x), abs(node.y)) > MAX_SIDE:
        raise InvalidInputError(f"Positions must be between -{MAX_SIDE} and {MAX_SIDE}.")


@_check.register
def _(node: Subtitles) -> None:
    if not 0 < node.file.size <= MAX_SUBTITLES:
        raise InvalidInputError(f"A subtitle file has at most {MAX_SUBTITLES >> 20} MiB and is not empty.")


@_check.register
def _(node: AudioMix) -> None:
    if node.gain is not None:
        _check_range("The gain", node.gain, GAINS, " dB")
    for sound in node.sounds:
        _check_times(sound.start, None)
        _check_range("The gain", sound.gain, GAINS, " dB")
        if not any(source.info.audio for source in sources(sound.input)):
            raise InvalidInputError("There is no sound in a file that was to be mixed in.")


@_check.register
def _(node: Loudness) -> None:
    _check_range("The loudness", node.target, TARGETS, " LUFS")
    _check_range("The true peak", node.true_peak, PEAKS, " dBTP")
    if node.two_pass and node.measured:
        raise InvalidInputError("What was measured needs no first pass.")
    for name, bounds in _MEASURES.items() if node.measured else ():
        _check_range(f"The measured {name.replace('_', ' ')}", getattr(node.measured, name), bounds)
