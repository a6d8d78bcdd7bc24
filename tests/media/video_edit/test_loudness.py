"""The loudness of what is written, as another decoder and another measure find it."""

from __future__ import annotations

import msgspec
import pytest

from libs.contracts.graph import LoudnessMeasure
from libs.contracts.video_edit import Wanted
from libs.media.loudness import Gain, Goal, Level, Tried, first_gain, next_gain
from tests.media.video_edit.making import PICTURES, Edits, loudness, onset

SOUNDS = {
    "quiet": ("sine=440:r=48000,volume=-40dB", 4.0),
    "faint-noise": ("anoisesrc=c=pink:r=48000:a=0.003", 4.0),
    "loud": ("aevalsrc='sgn(sin(2*PI*220*t))|sgn(sin(2*PI*220*t))':s=48000", 4.0),
    "noise": ("anoisesrc=c=white:r=44100:a=0.5", 4.0),
    "mono": ("aevalsrc='0.3*sin(2*PI*300*t)*(1+sin(2*PI*t))':s=22050:c=mono", 4.0),
    "surround": (
        "aevalsrc='0.1*sin(440*t*6.28)|0.1*sin(441*t*6.28)|0.3*sin(300*t*6.28)|0.5*sin(60*t*6.28)|"
        "0.1*random(0)|0.1*random(1)':c=5.1:s=48000",
        4.0,
    ),
    "dynamic": (
        "aevalsrc='(0.01+0.98*lt(mod(t,2),0.05))*sin(2*PI*700*t)|(0.01+0.98*lt(mod(t,2),0.05))*sin(2*PI*500*t)':s=48000",
        6.0,
    ),
    "drums": ("aevalsrc='exp(-30*mod(t,0.5))*(random(0)*2-1)':s=48000:c=mono", 4.0),
    "short": ("aevalsrc='0.05*sin(2*PI*100*t)+0.5*lt(mod(t,1),0.02)*random(0)':s=48000", 5.0),
}
LOWERED = ("quiet", "loud", "surround", "dynamic")
"""What is brought to a lower target too, where little has to be limited."""
GOAL = Goal(-14.0, -1.0)
MEASURE = LoudnessMeasure(integrated=-30.0, true_peak=-6.0, range=3.0, threshold=-40.0, offset=0.0)


def wanted(lufs: float | None) -> Wanted:
    return Wanted(duration=60.0, width=64, height=64, lufs=lufs)


@pytest.mark.anyio
@pytest.mark.parametrize("name", SOUNDS)
async def test_any_sound_comes_to_its_target(edits: Edits, name: str) -> None:
    source, seconds = SOUNDS[name]
    path = edits.sounding(f"{name}.mov", source, seconds=seconds)
    for target in (-14.0, -23.0) if name in LOWERED else (-14.0,):
        made = await edits.made(path, wanted(target))
        lufs, peak = loudness(made.path)
        assert lufs == pytest.approx(target, abs=1.0)
        assert peak <= -1.0
        sound = made.stream("audio")
        assert (sound["codec_name"], sound["sample_rate"], sound["channels"]) == ("aac", "48000", 2)
        assert made.duration == pytest.approx(seconds, abs=0.1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "source"),
    [("silent", "anullsrc=r=48000:cl=stereo"), ("clicks", "aevalsrc='lt(mod(t,1),0.00004)':s=48000:c=mono")],
)
async def test_what_cannot_come_there_is_never_too_loud(edits: Edits, name: str, source: str) -> None:
    made = await edits.made(edits.sounding(f"{name}.mov", source, seconds=3), wanted(-14.0))
    assert {path.name for path in edits.folder.iterdir()} == {made.path.name, f"{name}.mov"}
    lufs, peak = loudness(made.path)
    assert lufs <= -14.0
    assert peak <= -1.0


@pytest.mark.anyio
async def test_what_is_too_short_to_measure_is_only_held_down(edits: Edits) -> None:
    path = edits.sounding("blip.mov", "aevalsrc='sin(2*PI*1000*t)':s=48000", seconds=0.12)
    made = await edits.made(path, wanted(-30.0))
    assert -4.0 < loudness(made.path)[1] <= -1.0


@pytest.mark.anyio
async def test_the_part_is_measured_and_not_the_whole(edits: Edits) -> None:
    loud_later = "aevalsrc='(0.02+0.5*gt(t,6))*sin(2*PI*300*t)':s=48000"
    path = edits.sounding("later.mov", loud_later, seconds=12)
    made = await edits.made(path, msgspec.structs.replace(wanted(-16.0), duration=5.0))
    assert loudness(made.path)[0] == pytest.approx(-16.0, abs=1.0)


@pytest.mark.anyio
async def test_sound_stays_beside_its_pictures(edits: Edits) -> None:
    """A beep begins when it does without a target, to the sample but for what AAC blurs."""
    path = edits.sounding("beep.mov", "aevalsrc='0.2*gte(t,2)*sin(2*PI*900*t)':s=48000", seconds=4)
    begins = [onset((await edits.made(path, wanted(lufs))).path) for lufs in (None, -20.0)]
    assert begins[0] == pytest.approx(2.0, abs=0.005)
    assert begins[1] == pytest.approx(begins[0], abs=0.002)


@pytest.mark.anyio
async def test_without_sound_and_without_a_target(edits: Edits) -> None:
    mute = edits.clip("mute.mp4", *PICTURES, "-t", "1")
    made = await edits.made(mute, wanted(-14.0))
    assert not (await edits.info(made.path)).audio
    path = edits.sounding("as-is.mov", "sine=440:r=48000,volume=-10dB", seconds=2)
    assert loudness((await edits.made(path, wanted(None))).path)[0] == pytest.approx(
        loudness(path)[0], abs=0.3
    )


def tried(offset: float, peak: float, integrated: float, true_peak: float) -> Tried:
    measure = msgspec.structs.replace(MEASURE, offset=offset)
    return Tried(Gain(measure, peak), Level(integrated, true_peak, 3.0))


def test_silence_is_only_held_down() -> None:
    assert first_gain(Level(-70.0, -60.0, 0.0), GOAL) is None
    held = first_gain(Level(-70.0, -0.2, 0.0), GOAL)
    assert held is not None
    assert (held.true_peak, GOAL.target - held.measure.integrated + held.measure.offset) == (-1.5, 0.0)
    usual = first_gain(Level(-30.0, -6.0, 3.0), GOAL)
    assert usual is not None
    assert usual.measure.offset == 0.0


def test_more_gain_where_the_limiter_takes_some_back() -> None:
    first = tried(0.0, -1.5, -18.0, -1.2)
    assert next_gain([first], GOAL).measure.offset == 4.0
    second = tried(4.0, -1.5, -16.0, -1.2)
    assert next_gain([first, second], GOAL).measure.offset == 8.0


def test_lower_peaks_where_encoding_raised_them() -> None:
    gain = next_gain([tried(0.0, -1.5, -14.0, -0.4)], GOAL)
    assert gain.true_peak == pytest.approx(-2.3)
    assert gain.measure.offset == 0.0


def test_a_gain_has_its_limits() -> None:
    attempts = [tried(0.0, -1.5, -60.0, -1.2)]
    for _ in range(9):
        gain = next_gain(attempts, Goal(-5.0, -1.0))
        attempts.append(tried(gain.measure.offset, gain.true_peak, -60.0, -1.2))
    assert -5.0 - MEASURE.integrated + attempts[-1].gain.measure.offset <= 90.0
