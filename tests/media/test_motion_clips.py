"""Clips of sessions: which frames they show when, and how they sound."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from libs.media.motion import clip_rate
from libs.media.tools import Tools
from tests.media.filming import HERTZ, Lab, boxes, made, pitch, sound
from tests.media.looking import timed_frames
from tests.media.numbered import X264, numbered, numbers, timed_numbers

pytestmark = pytest.mark.anyio

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
JUMPY = "setpts='(N+floor(N/7)*3+floor(N/50)*40)/25/TB'"
"""Gaps of 0.16 s and of 1.6 s between frames."""
SPARSE = ("-vf", "setpts='(N+gte(N,60)*250+gte(N,120)*500)/25/TB'", "-fps_mode", "vfr")
"""Nothing new for 10 s after 2.4 s, and for 20 s after 14.8 s."""
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M")
LONG_GOP = (*X264, "-g", "250", "-bf", "3")
OPEN_GOP = (*X264, "-g", "50", "-bf", "3", "-x264-params", "open-gop=1")
SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "long.mp4": ("25", LONG_GOP),
    "open.mkv": ("30000/1001", OPEN_GOP),
    "late.ts": ("25", OPEN_GOP),
    "fast.mp4": ("120", LONG_GOP),
    "jumpy.mp4": ("25", ("-vf", JUMPY, "-fps_mode", "vfr", *LONG_GOP)),
    "sparse.webm": (
        "25",
        (*SPARSE, *VP8),
    ),
    "sparse.mp4": ("25", (*SPARSE, *LONG_GOP)),
    "live.mkv": ("25", (*SPARSE, *LONG_GOP, "-live", "1")),
    "slow.gif": ("10", ()),
    "b-frames.avi": ("25", ("-c:v", "mpeg4", "-q:v", "3", "-bf", "2", "-g", "50")),
}
FEW = {"jumpy.mp4": 200, "sparse.webm": 180, "sparse.mp4": 180, "live.mkv": 180}
"""Frames of those that are silent, too."""
NEAR = 0.0021
"""Seconds of a clip by which the compiler takes a frame for one at the wanted time."""
SMEAR = 0.031
"""Seconds of the source by which `atempo` lets a beep begin early: it mixes windows."""
FLASHES = "color=black:s=160x120:r=25:d=16,drawbox=c=white:t=fill:enable='lt(mod(t,2),0.2)'"
BEEPS = "aevalsrc='sin(2*PI*1000*t)*lt(mod(t,2),0.2)':d=16:s=48000"
SYNCHRONOUS = [
    *[("sync.mp4", speed) for speed in SPEEDS],
    *[(name, speed) for name in ("sync.ts", "sync.mkv") for speed in (min(SPEEDS), max(SPEEDS))],
]
"""Speeds move what the clocks of containers round as well."""
HOLED = ("sparse.mkv", "sparse.mp4")


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of numbered clips of 15 s, or of 600 frames."""
    folder = tmp_path_factory.mktemp("numbered")
    for name, (rate, video) in SOURCES.items():
        count = FEW.get(name, min(int(15 * Fraction(rate)), 600))
        silent = name in FEW or name == "slow.gif"
        numbered(folder / name, count, rate=rate, video=video, audio=() if silent else ("-c:a", "aac"))
    return folder


@pytest.fixture(scope="module")
def flashing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of films in which a flash and a beep begin every two seconds, in some with a hole."""
    folder = tmp_path_factory.mktemp("flashing")
    both = ["-f", "lavfi", "-i", FLASHES, "-f", "lavfi", "-i", BEEPS]
    codecs = [*X264, "-g", "60", "-bf", "2", "-c:a", "aac", "-ac", "2"]
    hole = ["-vf", "select='lt(t,2.6)+gte(t,13)'", "-fps_mode", "vfr"]
    for first, copies in (
        (made(folder / "sync.mp4", *both, *codecs, "-t", "8"), ("sync.ts", "sync.mkv")),
        (made(folder / "sparse.mkv", *both, *hole, *codecs), ("sparse.mp4",)),
    ):
        for name in copies:
            made(folder / name, "-i", str(first), "-c", "copy")
    return folder


@pytest.fixture
def lab(tools: Tools, tmp_path: Path) -> Lab:
    return Lab(tools, tmp_path)


def shown(times: Sequence[float], shows: Sequence[int], at: float, near: float) -> set[int]:
    """The numbers that may be seen at `at` seconds."""
    first = times[0]
    around = [max((i for i, time in enumerate(times) if time - first <= moment), default=0)
              for moment in (at - near, at + near)]  # fmt: skip
    return {shows[i] for i in range(around[0], around[1] + 1)}


@pytest.mark.parametrize("name", SOURCES)
async def test_a_clip_shows_what_the_source_shows_then(filmed: Path, lab: Lab, name: str) -> None:
    """At random ranges and at every speed."""
    path = filmed / name
    (times, shows), luck = timed_numbers(path), random.Random(name)
    length = times[-1] - times[0]
    for speed in SPEEDS:
        start = luck.uniform(0, length * 0.8)
        end = luck.uniform(start + 0.2, min(start + 3, length))
        result = await lab.clip(path, start, end, speed)
        assert result.source.video is not None
        rate = float(clip_rate(result.source.video))
        found, near = numbers(result.path), NEAR * max(speed, 1)
        assert len(found) / rate == pytest.approx((end - start) / speed, abs=1 / rate)
        assert found[0] in shown(times, shows, start, near)
        for position, number in enumerate(found):
            assert number in shown(times, shows, start + position * speed / rate, speed / rate + near)


async def test_a_clip_keeps_size_and_rate_in_bounds(filmed: Path, lab: Lab) -> None:
    fast = await lab.clip(filmed / "fast.mp4", 1.0, 2.0)
    assert (fast.video["r_frame_rate"], fast.video["avg_frame_rate"]) == ("60/1", "60/1")
    source = made(lab.folder / "wide.mkv", "-f", "lavfi", "-i", "testsrc2=s=5001x99:r=25:d=0.2",
                  "-c:v", "ffv1")  # fmt: skip
    wide = await lab.clip(source, 0.0, 0.2)
    assert wide.size == (3840, 76)
    assert (wide.video["profile"], wide.video["pix_fmt"]) == ("High", "yuv420p")
    assert wide.raw["format"]["tags"]["major_brand"] == "isom"
    assert boxes(wide.path).index("moov") < boxes(wide.path).index("mdat")


@pytest.mark.parametrize("name", ["sparse.webm", "sparse.mp4", "live.mkv"])
@pytest.mark.parametrize("part", [(3.0, 6.0, 1.0), (20.0, 20.4, 0.5), (16.0, 33.6, 4.0)])
async def test_a_clip_where_nothing_changes(
    filmed: Path, lab: Lab, name: str, part: tuple[float, float, float]
) -> None:
    """Whether the container says so or not: Matroska tells of the rate at the beginning."""
    start, end, speed = part
    result = await lab.clip(filmed / name, start, end, speed)
    assert result.source.video is not None
    assert result.source.video.variable_rate == (name == "sparse.mp4")
    assert numbers(result.path) == [59 if start < 12 else 119] * round((end - start) / speed * 25)


@pytest.mark.parametrize(
    ("part", "shows"),
    [
        ((1.0, 1.04, 4.0), 25), ((1.011, 1.012, 4.0), 25), ((1.0, 1.001, 0.25), 25),
        ((0.0, 0.000001, 1.0), 0), ((0.0, 0.02, 2.0), 0), ((0.0, 0.02, 4.0), 0), ((0.01, 0.02, 4.0), 0),
        ((14.97, 15.0, 1.0), 374), ((14.97, 15.0, 4.0), 374), ((14.98, 15.0, 2.0), 374),
        ((14.9999, 15.0, 1.0), 374), ((14.9999, 15.0, 4.0), 374), ((15.0, 15.04, 1.0), 374),
    ],
)  # fmt: skip
async def test_a_clip_has_a_frame(
    filmed: Path, lab: Lab, part: tuple[float, float, float], shows: int
) -> None:
    """However short it is, and at both ends of the video."""
    result = await lab.clip(filmed / "long.mp4", *part)
    assert numbers(result.path) == [shows]


@pytest.mark.parametrize("speed", SPEEDS)
async def test_the_pitch_stays(filmed: Path, lab: Lab, speed: float) -> None:
    result = await lab.clip(filmed / "long.mp4", 2.0, 4.0, speed)
    heard = sound(result.path)
    [track] = (await lab.info(result.path)).audio
    assert (track.codec, track.sample_rate) == ("aac", HERTZ)
    assert len(heard) / HERTZ == pytest.approx(2.0 / speed, abs=0.05)
    middle = heard[len(heard) // 4 : len(heard) * 3 // 4]
    assert pitch(middle) == pytest.approx(440, rel=0.02)


def first_flash(path: Path) -> float:
    times, shown = timed_frames(path, 16, 16)
    return times[int(np.argmax(shown.mean(axis=(1, 2, 3)) > 128))]


@pytest.mark.parametrize(("name", "speed"), SYNCHRONOUS)
async def test_sound_and_pictures_stay_together(flashing: Path, lab: Lab, name: str, speed: float) -> None:
    """The first ones of the clip begin at 0.77 s of it."""
    result = await lab.clip(flashing / name, 3.23, 7.1, speed)
    heard = int(np.argmax(np.abs(sound(result.path)) > 0.2)) / HERTZ
    assert first_flash(result.path) == pytest.approx(0.77 / speed, abs=0.041)
    assert heard == pytest.approx(0.77 / speed, abs=max(SMEAR / speed, 0.03))


@pytest.mark.parametrize("name", HOLED)
async def test_sound_goes_on_while_nothing_changes(flashing: Path, lab: Lab, name: str) -> None:
    """The clip begins in a hole from 2.6 s to 13 s of the source: beeps from 1 s of it, the flash at 9 s."""
    result = await lab.clip(flashing / name, 5.0, 15.0)
    loud = np.abs(sound(result.path)) > 0.2
    assert first_flash(result.path) == pytest.approx(9.0, abs=0.041)
    assert int(np.argmax(loud)) / HERTZ == pytest.approx(1.0, abs=0.03)
    late = round(8.5 * HERTZ)
    assert (late + int(np.argmax(loud[late:]))) / HERTZ == pytest.approx(9.0, abs=0.03)
