"""Sound that is encoded until it is as loud as it shall be, by the measure of EBU R 128."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import msgspec

from libs.contracts.errors import TaskTimeoutError
from libs.contracts.graph import Loudness, LoudnessMeasure, Output
from libs.media.clock import length_of
from libs.media.command.session import Inputs, session_for
from libs.media.command.sounds import filled, levelled, sounds, track_of
from libs.media.command.written import GLOBAL
from libs.media.inputs import input_args
from libs.media.passes import simplify
from libs.media.runner import Finished, run_ffmpeg, stream
from libs.media.tools import Tools

GATE = -70.0
"""LUFS under which EBU R 128 hears nothing."""
CLOSE = 0.3
"""LU of the target that are near enough."""
MARGIN = 0.1
"""dB that encoded peaks stay below the allowed one: another measure finds them a little higher."""
HEADROOM = 0.5
"""dB below the allowed peak that the limiter begins with: AAC adds some tenths."""
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
class Goal:
    """LUFS, and the highest true peak (dBTP)."""

    target: float
    true_peak: float


@dataclass(frozen=True)
class Gain:
    """What a `Loudness` node is told; `true_peak` is where the limiter holds peaks."""

    measure: LoudnessMeasure
    true_peak: float


@dataclass(frozen=True)
class Tried:
    """A gain, and what came of it."""

    gain: Gain
    level: Level

    def miss(self, goal: Goal) -> tuple[bool, float]:
        """How bad it is: peaks count more than loudness."""
        return self.level.true_peak > goal.true_peak - MARGIN / 2, abs(self.level.integrated - goal.target)

    def settles(self, goal: Goal) -> bool:
        """Whether nothing better is to be looked for."""
        over, miss = self.miss(goal)
        return (not over and miss <= CLOSE) or self.level.silent


async def encode_levelled(
    tools: Tools, graph: Output, inputs: Inputs, destination: Path, *, time_limit: float
) -> Finished:
    """Write the sound of `graph`, whose last node is a `Loudness` of two passes, to `destination`, encoded
    and in the container that it names: it is encoded and measured until it is right, which is mostly so at
    once. Silence stays silence.

    What no gain brings there (single clicks in silence) gets as near as it can. Works beside `destination`
    for at most `time_limit` seconds. Raises as `run_ffmpeg`; `Finished` is that of reading the sources.
    """
    node = graph.input
    assert isinstance(node, Loudness)
    plain, goal = msgspec.structs.replace(graph, input=node.input), Goal(node.target, node.true_peak)
    bench = _Bench(tools, destination.parent, time.monotonic() + time_limit)
    sound, trial = destination.with_name("sound.wav"), destination.with_name("sound.trial")
    try:
        read = await bench.run(sound_args(tools, plain, inputs, sound))
        level = await bench.measure(sound)
        gain = first_gain(level, goal)
        if gain is None or level.silent:
            await bench.run(trial_args(plain, goal, gain, sound, destination))
            return read
        tried = list[Tried]()
        while not tried or not (tried[-1].settles(goal) or len(tried) == TRIALS):
            gain = next_gain(tried, goal) if tried else gain
            await bench.run(trial_args(plain, goal, gain, sound, trial))
            tried.append(Tried(gain, await bench.measure(trial)))
            if min(tried, key=lambda each: each.miss(goal)) is tried[-1]:
                trial.replace(destination)
    finally:
        sound.unlink(missing_ok=True)
        trial.unlink(missing_ok=True)
    return read


def first_gain(level: Level, goal: Goal) -> Gain | None:
    """What to try first. Of what is silent or too short to measure only the peaks are held, if need be."""
    peak = goal.true_peak - HEADROOM
    if not level.silent:
        return Gain(_measure(level), peak)
    if level.true_peak <= peak:
        return None
    return Gain(_moved(_measure(level), GATE - goal.target), peak)


def next_gain(tried: Sequence[Tried], goal: Goal) -> Gain:
    """What to try after `tried`: lower peaks where they were too high, and more or less gain, by how much the
    last change did (the limiter takes back some)."""
    last = tried[-1]
    measure, peak = last.gain.measure, last.gain.true_peak
    over = last.level.true_peak - (goal.true_peak - MARGIN)
    if over > 0:
        whole = measure.true_peak + goal.target - measure.integrated + measure.offset
        peak = max(min(peak, whole) - over - MARGIN, _LOWEST)
    slope = 1.0
    if len(tried) > 1:
        before = tried[-2]
        turned = measure.offset - before.gain.measure.offset
        came = last.level.integrated - before.level.integrated
        slope = min(max(came / turned, 0.1), 1.0) if abs(turned) > 0.05 else 1.0
    change = min(max((goal.target - last.level.integrated) / slope, -_STEP), _STEP)
    offset = min(measure.offset + change, _MOST - goal.target + measure.integrated, 90.0)
    return Gain(_moved(measure, offset), peak)


def sound_args(tools: Tools, graph: Output, inputs: Inputs, destination: Path) -> list[str]:
    """The arguments of ffmpeg that write the sound of `graph` as it comes to its encoder as a WAV file."""
    graph = simplify(graph)
    session, graph = session_for(graph, inputs, tools.limits.threads)
    track = track_of(graph, graph.audio[0])
    heard, length = sounds(graph.input, session, track), length_of(graph.input)
    if length is not None:
        heard = filled(heard, session, track, round(length * track.rate))
    heard = heard.filter("aformat", channel_layouts=track.written or track.layout)
    raw = {"f": "wav", "c:a": "pcm_f32le"}
    return [*GLOBAL, *ffmpeg.output(heard, f"file:{destination.absolute()}", **raw).get_args()]


def trial_args(graph: Output, goal: Goal, gain: Gain | None, sound: Path, destination: Path) -> list[str]:
    """The arguments of ffmpeg that encode `sound`, made louder by `gain`, as `graph` says."""
    [audio] = graph.audio
    chain = []
    if gain is not None:
        node = Loudness(
            input=graph.input, target=goal.target, true_peak=gain.true_peak, measured=gain.measure
        )
        chain = ["-af", _chain(levelled(node, track_of(graph, audio).rate))]
    options = {"c:a": audio.encoder, **{f"{name}:a": value for name, value in audio.options.items()}}
    coded = [text for name, value in options.items() for text in (f"-{name}", str(value))]
    written_to = ["-f", graph.container, f"file:{destination.absolute()}"]
    return [*GLOBAL, *input_args(sound), "-map", "0:a:0", *chain, *coded, *written_to]


def measuring() -> list[tuple[str, dict[str, Any]]]:
    """Filters that print the measure so far to stdout, every tenth of a second."""
    return [
        ("apad", {"pad_dur": _FLUSH}),
        ("ebur128", {"peak": "true", "metadata": 1}),
        ("ametadata", {"mode": "print", "file": "-"}),
    ]


@dataclass(frozen=True)
class _Bench:
    """Where sound is worked on, until `deadline` (monotonic seconds)."""

    tools: Tools
    cwd: Path
    deadline: float

    async def run(self, argv: Sequence[str]) -> Finished:
        """Raises as `run_ffmpeg`."""
        return await run_ffmpeg(self.tools, argv, cwd=self.cwd, time_limit=self._left())

    async def measure(self, path: Path) -> Level:
        """The level of the first sound track of a file. Raises as `run_ffmpeg`."""
        measured = ["-map", "0:a:0", "-af", _chain(measuring()), "-f", "null", "-"]
        argv, found = [*GLOBAL, *input_args(path), *measured], dict[str, float]()
        async with stream(self.tools, "ffmpeg", argv, cwd=self.cwd, time_limit=self._left()) as reader:
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

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TaskTimeoutError("The work took longer than its limit.")
        return left


def _chain(filters: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """Filters of our own making, as ffmpeg reads them."""
    return ",".join(f"{name}={':'.join(f'{k}={v}' for k, v in options.items())}" for name, options in filters)


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
