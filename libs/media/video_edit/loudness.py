"""How loud the sound of a video is, and the gain that brings it to a target once it is encoded."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from libs.contracts.errors import TaskTimeoutError
from libs.contracts.graph import Loudness, LoudnessMeasure, Node, Output
from libs.contracts.media import MediaInfo
from libs.contracts.video_edit import TRUE_PEAK
from libs.media.command.clock import length_of
from libs.media.command.session import session_for
from libs.media.command.sounds import filled, levelled, sounds, track_of
from libs.media.command.written import GLOBAL
from libs.media.inputs import input_args
from libs.media.passes import simplify
from libs.media.runner import stream
from libs.media.video_edit.frames import Footage
from libs.media.video_edit.graph import written

GATE = -70.0
"""LUFS under which EBU R 128 hears nothing."""
CLOSE = 0.3
"""LU of the target that are near enough."""
MARGIN = 0.1
"""dB that encoded peaks stay below the allowed one: another measure finds them a little higher."""
FIRST_PEAK = -1.5
"""dBTP that the limiter begins with: AAC adds some tenths."""
TRIALS = 7
_STEP, _MOST = 15.0, 90.0
"""dB of gain: at once, and in all."""
_LOWEST = -9.0
_ROUNDED = 0.0005
"""By how much a peak (a share of full scale) may be higher than ebur128 prints it."""
_FLUSH = 0.2
"""Seconds of silence at the end, so that what comes before is measured to its end."""


@dataclass(frozen=True)
class Level:
    """`integrated` LUFS, `true_peak` dBTP, `range` LU."""

    integrated: float
    true_peak: float
    range: float

    @property
    def silent(self) -> bool:
        return self.integrated <= GATE


@dataclass(frozen=True)
class Gain:
    """What a `Loudness` node is told."""

    measure: LoudnessMeasure
    true_peak: float


@dataclass(frozen=True)
class Tried:
    """A gain, and what came of it."""

    gain: Gain
    level: Level

    def miss(self, target: float) -> tuple[bool, float]:
        """How bad it is: peaks count more than loudness."""
        return self.level.true_peak > TRUE_PEAK - MARGIN / 2, abs(self.level.integrated - target)


async def find_gain(
    footage: Footage, node: Node, info: MediaInfo, target: float, time_limit: float
) -> Gain | None:
    """The gain that brings the sound of `node` to `target` LUFS, as it is after encoding: the sound alone is
    encoded and measured until it is right, which is mostly so at once. `None` for silence and without sound.

    What no gain brings there (single clicks in silence) gets as near as it can. Raises as `run_ffmpeg`.
    """
    plain = written(node, info)
    if not plain.audio:
        return None
    deadline = time.monotonic() + time_limit
    sound, trial = footage.cwd / "loudness.wav", footage.cwd / "loudness.m4a"
    try:
        await footage.run(sound_args(footage, plain, sound), _left(deadline))
        level = await measure_file(footage, sound, _left(deadline))
        if level.silent:
            return _unmeasured(level, target)
        gain, tried = Gain(_measure(level), FIRST_PEAK), list[Tried]()
        while True:
            await footage.run(trial_args(plain, target, gain, sound, trial), _left(deadline))
            made = await measure_file(footage, trial, _left(deadline))
            tried.append(Tried(gain, made))
            late, miss = tried[-1].miss(target)
            if (not late and miss <= CLOSE) or made.silent or len(tried) == TRIALS:
                return min(tried, key=lambda each: each.miss(target)).gain
            gain = next_gain(tried, target)
    finally:
        sound.unlink(missing_ok=True)
        trial.unlink(missing_ok=True)


def next_gain(tried: Sequence[Tried], target: float) -> Gain:
    """What to try after `tried`: lower peaks where they were too high, and more or less gain, by how much the
    last change did (the limiter takes back some)."""
    last = tried[-1]
    measure, peak = last.gain.measure, last.gain.true_peak
    over = last.level.true_peak - (TRUE_PEAK - MARGIN)
    if over > 0:
        whole = measure.true_peak + target - measure.integrated + measure.offset
        peak = max(min(peak, whole) - over - MARGIN, _LOWEST)
    slope = 1.0
    if len(tried) > 1:
        before = tried[-2]
        turned = measure.offset - before.gain.measure.offset
        came = last.level.integrated - before.level.integrated
        slope = min(max(came / turned, 0.1), 1.0) if abs(turned) > 0.05 else 1.0
    change = min(max((target - last.level.integrated) / slope, -_STEP), _STEP)
    offset = min(measure.offset + change, _MOST - target + measure.integrated, 90.0)
    return Gain(_moved(measure, offset), peak)


def sound_args(footage: Footage, graph: Output, destination: Path) -> list[str]:
    """The arguments of ffmpeg that write the sound of `graph` as it comes to its encoder, or to the
    `Loudness` that it is going to have, as a WAV file."""
    graph = simplify(graph)
    session, graph = session_for(graph, footage.inputs(graph.input), footage.tools.limits.threads)
    track = track_of(graph, graph.audio[0])
    heard, length = sounds(graph.input, session, track), length_of(graph.input)
    if length is not None:
        heard = filled(heard, session, track, round(length * track.rate))
    heard = heard.filter("aformat", channel_layouts=track.written or track.layout)
    raw = {"f": "wav", "c:a": "pcm_f32le"}
    return [*GLOBAL, *ffmpeg.output(heard, f"file:{destination.absolute()}", **raw).get_args()]


def trial_args(graph: Output, target: float, gain: Gain, sound: Path, destination: Path) -> list[str]:
    """The arguments of ffmpeg that encode `sound`, made louder by `gain`, as `graph` says."""
    node = Loudness(input=graph.input, target=target, true_peak=gain.true_peak, measured=gain.measure)
    [audio] = graph.audio
    chain = _chain(levelled(node, track_of(graph, audio).rate))
    options = {"c:a": audio.encoder, **{f"{name}:a": value for name, value in audio.options.items()}}
    coded = [text for name, value in options.items() for text in (f"-{name}", str(value))]
    written_to = ["-f", "mp4", f"file:{destination.absolute()}"]
    return [*GLOBAL, *input_args(sound), "-map", "0:a:0", "-af", chain, *coded, *written_to]


def measuring() -> list[tuple[str, dict[str, Any]]]:
    """Filters that print the measure so far to stdout, every tenth of a second."""
    return [
        ("apad", {"pad_dur": _FLUSH}),
        ("ebur128", {"peak": "true", "metadata": 1}),
        ("ametadata", {"mode": "print", "file": "-"}),
    ]


async def measure_file(footage: Footage, path: Path, time_limit: float) -> Level:
    """The level of the first sound track of a file. Raises as `run_ffmpeg`."""
    measured = ["-map", "0:a:0", "-af", _chain(measuring()), "-f", "null", "-"]
    argv, found = [*GLOBAL, *input_args(path), *measured], dict[str, float]()
    async with stream(footage.tools, "ffmpeg", argv, cwd=footage.cwd, time_limit=time_limit) as reader:
        async for line in reader.lines():
            name, equals, value = line.partition("=")
            if equals and name.startswith("lavfi.r128."):
                found[name.removeprefix("lavfi.r128.")] = float(value)
    peaks = [value for name, value in found.items() if name.startswith("true_peaks_ch")]
    highest = max((peak for peak in peaks if not math.isnan(peak)), default=0.0) + _ROUNDED
    return Level(
        integrated=max(found.get("I", GATE), GATE),
        true_peak=20 * math.log10(highest),
        range=max(found.get("LRA", 0.0), 0.0),
    )


def _chain(filters: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """Filters of our own making, as ffmpeg reads them."""
    return ",".join(f"{name}={':'.join(f'{k}={v}' for k, v in options.items())}" for name, options in filters)


def _unmeasured(level: Level, target: float) -> Gain | None:
    """No gain for what is silent or too short to measure, but no higher peaks than others have."""
    if level.true_peak <= FIRST_PEAK:
        return None
    return Gain(_moved(_measure(level), GATE - target), FIRST_PEAK)


def _measure(level: Level) -> LoudnessMeasure:
    return LoudnessMeasure(
        integrated=level.integrated,
        true_peak=level.true_peak,
        range=min(level.range, 99.0),
        threshold=max(min(level.integrated - 10, 0.0), GATE),
        offset=0.0,
    )


def _moved(measure: LoudnessMeasure, offset: float) -> LoudnessMeasure:
    return LoudnessMeasure(
        integrated=measure.integrated, true_peak=measure.true_peak, range=measure.range,
        threshold=measure.threshold, offset=round(offset, 2),
    )  # fmt: skip


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TaskTimeoutError("The work took longer than its limit.")
    return left
