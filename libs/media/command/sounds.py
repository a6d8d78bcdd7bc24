"""The sound of each node, as filters: its clock begins with the first picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch
from typing import Any

import ffmpeg

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Canvas,
    Concat,
    Filter,
    Fit,
    Loop,
    Loudness,
    Node,
    Output,
    Overlay,
    Rate,
    Sound,
    Source,
    Speed,
    Subtitles,
    Trim,
)
from libs.contracts.media import AudioStream
from libs.media.clock import length_of, seconds
from libs.media.command.session import Session
from libs.media.length import duration_of
from libs.media.passes.clocks import exact
from libs.media.passes.tree import main_source
from libs.media.walk import sources

LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
DEFAULT_RATE = 48_000
SYNCHRONOUS = 0.02
"""Seconds by which sound may be off its time stamps before silence is put in or sound is left out."""

REMEMBERED = 120
"""Seconds of sound that are kept in memory to be repeated; what is longer is read again."""

LIMITER_RATE = 192_000
"""Hz at which peaks between samples show as samples."""
LIMITER = {"level": 0, "latency": 1, "attack": 5, "release": 60}
"""alimiter: no make-up gain, no delay; milliseconds."""


@dataclass(frozen=True)
class Track:
    """One track of the result: the stream `index` of the main source, and what is at its `position` in
    others, at `rate` Hz in `layout`; `written` is the layout that its encoder is given."""

    index: int
    position: int
    rate: int
    layout: str
    language: str | None = None
    written: str | None = None


def track_of(output: Output, encoding: AudioEncoding) -> Track:
    """What `encoding` is about. Over a silent video it takes after the first sound that is mixed in."""
    streams = main_source(output.input).info.audio
    position = next((i for i, stream in enumerate(streams) if stream.index == encoding.index), 0)
    if streams:
        track = _track(streams[position], position)
    else:
        track = _track(next(source.info.audio[0] for source in sources(output.input) if source.info.audio), 0)
    channels = encoding.options.get("ac")
    return replace(track, written=LAYOUTS.get(channels)) if isinstance(channels, int) else track


def filled(stream: Any, session: Session, track: Track, samples: int) -> Any:
    """Exactly `samples` of `stream`, or of silence where there is none."""
    if stream is None:
        stream = session.silence(track.rate, track.layout)
    else:
        stream = stream.filter("apad", whole_len=samples)
    return stream.filter("atrim", end_sample=samples)


@singledispatch
def sounds(node: Node, session: Session, track: Track) -> Any:
    """The ffmpeg-python stream that carries `track` of `node`; `None` where `node` has no such track."""
    raise InvalidInputError(f"A graph cannot contain {type(node).__name__}.")


@sounds.register
def _(node: Source, session: Session, track: Track) -> Any:
    if track.position >= len(node.info.audio):
        return None
    part = session.part(node)
    stream = part.stream[str(node.info.audio[track.position].index)]
    end = None if part.length is None else part.cut + part.length
    return _from(stream, part.cut, end, track)


@sounds.register
def _(node: Canvas, session: Session, track: Track) -> Any:
    return None


@sounds.register
def _(node: Loop, session: Session, track: Track) -> Any:
    """Begins again whenever the pictures do, which ffmpeg repeats after their own length."""
    info = node.input.info
    if track.position >= len(info.audio):
        return None
    index, length = str(info.audio[track.position].index), exact(node.length)
    turn = exact((info.video.duration if info.video else None) or info.duration or node.length)
    if turn >= length or turn <= 0:
        part = session.once(node, length)
        return _from(part.stream[index], part.cut, part.cut + length, track)
    samples, whole = round(turn * track.rate), round(length * track.rate)
    parts = []
    for _ in range(math.ceil(length / turn) if turn > REMEMBERED else 1):
        part = session.once(node, turn)
        stream = _from(part.stream[index], part.cut, part.cut + turn, track)
        parts.append(filled(stream, session, track, samples))
    if len(parts) > 1:
        return ffmpeg.filter(parts, "concat", n=len(parts), v=0, a=1).filter("atrim", end_sample=whole)
    return parts[0].filter("aloop", loop=-1, size=samples).filter("atrim", end_sample=whole)


@sounds.register
def _(node: Trim, session: Session, track: Track) -> Any:
    stream = sounds(node.input, session, track)
    end = None if node.end is None else exact(node.end)
    return None if stream is None else _from(stream, exact(node.start or 0), end, track)


@sounds.register
def _(node: Concat, session: Session, track: Track) -> Any:
    streams = [sounds(each, session, track) for each in node.inputs]
    if not any(stream is not None for stream in streams):
        return None
    parts, offset = [], Fraction(0)
    for each, stream in zip(node.inputs, streams, strict=True):
        length = length_of(each)
        if length is None:
            raise InvalidInputError("The lengths of the parts that are to be joined are not known.")
        samples = round((offset + length) * track.rate) - round(offset * track.rate)
        parts.append(filled(stream, session, track, samples))
        offset += length
    return ffmpeg.filter(parts, "concat", n=len(parts), v=0, a=1)


@sounds.register(Fit)
@sounds.register(Rate)
@sounds.register(Filter)
@sounds.register(Overlay)
@sounds.register(Subtitles)
def _(node: Fit | Rate | Filter | Overlay | Subtitles, session: Session, track: Track) -> Any:
    return sounds(node.input, session, track)


@sounds.register
def _(node: Speed, session: Session, track: Track) -> Any:
    stream = sounds(node.input, session, track)
    for tempo in _tempos(node.factor) if stream is not None else ():
        stream = stream.filter("atempo", f"{tempo:g}")
    return stream


@sounds.register
def _(node: AudioMix, session: Session, track: Track) -> Any:
    """All of it as long as the pictures: amix of unequal inputs loses the end of the longer one. Levels stay
    what they are; only where all together are louder than full scale, they are made quieter for a moment."""
    length = length_of(node.input)
    if length is None:
        about = duration_of(node.input)
        if about is None:
            raise InvalidInputError("The length of the video that sound was to be mixed into is not known.")
        length = exact(about)
    samples = round(length * track.rate)
    own = sounds(node.input, session, track)
    mixed = [_mixed_in(sound, session, track, samples) for sound in node.sounds]
    if own is not None or not mixed:
        own = filled(own, session, track, samples)
        own = (
            own.filter("volume", "0" if node.gain is None else f"{node.gain:g}dB") if node.gain != 0 else own
        )
        mixed.insert(0, own)
    if len(mixed) == 1:
        return mixed[0]
    together = ffmpeg.filter(mixed, "amix", inputs=len(mixed), normalize=0)
    return together.filter("alimiter", limit=1, **LIMITER)


@sounds.register
def _(node: Loudness, session: Session, track: Track) -> Any:
    """Of the channels that are written: mixing them down is a gain too. loudnorm works at 192 kHz. Raises
    `InvalidInputError` for two passes, which are more than one command (`libs.media.levelling`)."""
    if node.two_pass:
        raise InvalidInputError("A loudness of two passes is not one command.")
    stream = sounds(node.input, session, track)
    if stream is None:
        return None
    track = replace(track, layout=track.written or track.layout)
    stream = _formatted(stream, track) if track.written else stream
    for name, options in levelled(node, track.rate):
        stream = stream.filter(name, **options)
    return _formatted(stream, track)


def levelled(node: Loudness, rate: int) -> list[tuple[str, dict[str, Any]]]:
    """The filters of `node` over sound of `rate` Hz, and their options."""
    back = ("aresample", {"sample_rate": rate})
    if node.measured is None:
        return [("loudnorm", {"I": f"{node.target:g}", "TP": f"{node.true_peak:g}"}), back]
    gain = node.target - node.measured.integrated + node.measured.offset
    louder: list[tuple[str, dict[str, Any]]] = [
        ("aformat", {"sample_fmts": "dblp"}),
        ("volume", {"volume": f"{gain:.2f}dB", "precision": "double"}),
    ]
    if node.measured.true_peak + gain <= node.true_peak:
        return louder
    limit = {"limit": f"{10 ** (node.true_peak / 20):.6f}", **LIMITER}
    return [*louder, ("aresample", {"sample_rate": LIMITER_RATE}), ("alimiter", limit), back]


def _mixed_in(sound: Sound, session: Session, track: Track, samples: int) -> Any:
    """The first track of `sound`, from its start to the end of a mix of `samples`."""
    first = replace(track, position=0)
    stream = sounds(sound.input, session, first)
    if stream is not None and sound.gain:
        stream = stream.filter("volume", f"{sound.gain:g}dB")
    late = round(exact(sound.start) * track.rate)
    if stream is not None and late:
        stream = stream.filter("adelay", f"{late}S", all=1)
    return filled(stream, session, track, samples)


def _from(stream: Any, cut: Fraction, end: Fraction | None, track: Track) -> Any:
    """What is heard from `cut` to `end`, with silence where nothing is, so that samples count time."""
    edges = {"start": seconds(cut)} if cut else {}
    if end is not None:
        edges["end"] = seconds(end)
    stream = stream.filter("atrim", **edges) if edges else stream
    stream = stream.filter("asetpts", f"PTS-{seconds(cut)}/TB") if cut else stream
    return _formatted(
        stream.filter("aresample", track.rate, **{"async": 1, "first_pts": 0, "min_hard_comp": SYNCHRONOUS}),
        track,
    )


def _formatted(stream: Any, track: Track) -> Any:
    return stream.filter("aformat", channel_layouts=track.layout)


def _track(stream: AudioStream, position: int) -> Track:
    layout = stream.layout or LAYOUTS.get(stream.channels, f"{stream.channels}c")
    return Track(stream.index, position, stream.sample_rate or DEFAULT_RATE, layout, stream.language)


def _tempos(factor: float) -> Iterator[float]:
    """Steps of `atempo` between 0.5 and 2, where it drops no samples."""
    while factor > 2:
        yield 2.0
        factor /= 2
    while factor < 0.5:
        yield 0.5
        factor /= 0.5
    if factor != 1:
        yield factor
