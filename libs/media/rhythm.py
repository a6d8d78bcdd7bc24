"""When frames are shown: keep every frame at its time, and a constant rate exactly constant."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from libs.contracts.graph import FilterStep
from libs.contracts.media import VideoStream

MIN_TIMESCALE, MAX_TIMESCALE = 1000, 1_000_000
MPEG_CLOCK = Fraction(1, 90_000)
MAX_RATE = 240


@dataclass(frozen=True)
class Rhythm:
    """`rate` is nominal frames per second, `tick` the encoder's time base (seconds), `steps` what puts
    rounded timestamps back onto the frame grid."""

    variable: bool
    rate: Fraction
    tick: Fraction
    steps: list[FilterStep]


def rhythm_of(video: VideoStream) -> Rhythm:
    """How the frames of `video` are to be timed in a new encoding of it."""
    average, nominal = Fraction(video.frame_rate), Fraction(video.nominal_rate)
    rate = average if video.interlaced and average and nominal > average * Fraction(3, 2) else nominal
    source = Fraction(video.time_base) or MPEG_CLOCK
    if video.variable_rate or not 1 <= rate <= MAX_RATE:
        exact = MIN_TIMESCALE <= 1 / source <= MAX_TIMESCALE or source == Fraction(1, 100)
        bounded = min(max(average or rate, Fraction(1)), Fraction(MAX_RATE)).limit_denominator(1001)
        return Rhythm(True, bounded, source if exact else MPEG_CLOCK, [])
    timescale = rate.numerator * -(-10_000 // rate.numerator)
    tick = Fraction(1, timescale)
    on_grid = (1 / rate / source).denominator == 1
    return Rhythm(False, rate, tick, [] if on_grid else _snap(rate, tick, source))


def _snap(rate: Fraction, tick: Fraction, source: Fraction) -> list[FilterStep]:
    """Move timestamps that the container rounded (milliseconds in Matroska and FLV) to the nearest frame
    time; those further off than rounding explains stay, because then the rate is not constant."""
    frame = 1 / rate / tick
    tolerance = max(float(source / tick) * 1.5, 1.5)
    grid = f"round((PTS-STARTPTS)/{frame})*{frame}"
    snapped = f"if(lt(abs(PTS-STARTPTS-{grid}),{tolerance:g}),STARTPTS+{grid},PTS)"
    return [
        FilterStep(name="settb", options={"expr": f"{tick.numerator}/{tick.denominator}"}),
        FilterStep(name="setpts", options={"expr": snapped}),
    ]
