"""Whether what is seen and what is heard stay together: over many scenes, and when videos begin again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from libs.contracts.movie import Scene
from tests.media.compose.making import Composed, Samples, Set, check_clean, small

pytestmark = pytest.mark.anyio

DRIFT = 0.040
"""Seconds that nobody notices."""
COARSE = 8_000
"""Samples a second in which it would still be noticed."""


def beeps(sound: Samples, quiet: float = 0.3) -> Any:
    """Seconds at which a sound begins after silence."""
    loud = np.abs(sound).max(axis=1) > 0.05
    at = np.flatnonzero(loud)
    first = np.concatenate([[True], np.diff(at) > quiet * COARSE])
    return at[first] / COARSE


def brightness(made: Composed) -> Any:
    """The middle of each frame, 0…255."""
    _, height, width, _ = made.frames().shape
    down, across = slice(height // 2 - 8, height // 2 + 8), slice(width // 2 - 8, width // 2 + 8)
    return made.frames()[:, down, across].mean(axis=(1, 2, 3))


def changes(bright: Any, times: list[float]) -> Any:
    at = 1 + np.flatnonzero(np.abs(np.diff(bright)) > 80)
    return np.array([times[0], *(times[each] for each in at)])


async def test_ten_minutes_of_awkward_scenes_do_not_drift(studio: Set) -> None:
    """Each scene begins with a beep and another background."""
    length = 14.987
    beep = "if(lt(t,0.1),0.5*sin(2*PI*1000*t),0)"
    voices = [
        await studio.element(
            "audio",
            studio.file(
                name,
                "-f",
                "lavfi",
                "-i",
                f"aevalsrc='{beep}':s={rate}:d={length + more}",
                "-sample_fmt",
                "s16",
            ),
        )
        for name, rate, more in (("a.wav", 48_000, 0.0), ("b.wav", 44_100, 0.031), ("c.wav", 22_050, -0.013))
    ]
    scenes = [
        Scene(elements=[voices[number % 3]], background=("#000000", "#FFFFFF")[number % 2])
        for number in range(40)
    ]
    movie = small(*scenes, width=64, height=36, rate=10, quality="low")
    made = await studio.compose(movie)
    check_clean(made, movie)
    sounds = [scene.elements[0].source for scene in scenes]
    lengths = [sound.info.duration or 0 for sound in sounds if sound]
    assert sum(lengths) > 595
    assert abs(made.duration - sum(lengths)) < 0.1 + 0.001
    seen = changes(brightness(made), made.times())
    heard = beeps(made.sound(COARSE))
    assert len(seen) == len(heard) == 40
    assert np.abs(seen - heard).max() < DRIFT
    ideal = np.cumsum([0, *lengths[:-1]])
    assert np.abs(seen - ideal).max() < 0.1 + 0.001


@pytest.mark.parametrize(
    ("name", "late"), [("flash.mp4", 0.0), ("late.mp4", 0.4), ("flash.webm", 0.0), ("flash.mkv", 0.0)]
)
async def test_a_video_flashes_when_it_beeps_however_often_it_plays(
    studio: Set, name: str, late: float
) -> None:
    """A flash and a beep in the middle of each second, 29.97 frames a second. Its sound begins late, or is
    longer than its pictures: it ends between frames anyway."""
    at = 15 * 1001 / 30000
    flash = f"color=white:t=fill:enable='between(t,{at - 0.005:.4f},{at + 0.15:.4f})'"
    film = f"color=black:s=64x36:r=30000/1001:d=1.3,drawbox=w=64:h=36:{flash}"
    loud = f"between(t,{at - late:.4f},{at - late + 0.15:.4f})"
    voice = f"aevalsrc='if({loud},0.5*sin(2*PI*1000*t),0)':s=44100:d=1.5"
    codecs = (
        ["-c:v", "libvpx-vp9", "-c:a", "libopus"]
        if name.endswith("webm")
        else ["-c:v", "libx264", "-c:a", "aac"]
    )
    path = studio.file(
        name,
        "-f",
        "lavfi",
        "-i",
        film,
        "-itsoffset",
        str(late),
        "-f",
        "lavfi",
        "-i",
        voice,
        *codecs,
        "-ar",
        "48000",
    )
    silence = studio.file("long.wav", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "9")
    scene = Scene(elements=[await studio.element("video", path), await studio.element("audio", silence)])
    movie = small(scene, width=64, height=36, rate=30)
    made = await studio.compose(movie)
    check_clean(made, movie)
    bright, times = brightness(made), made.times()
    flashes = np.array([times[each] for each in 1 + np.flatnonzero(np.diff(bright) > 80)])
    heard = beeps(made.sound(COARSE))
    assert len(flashes) == len(heard) >= 6
    assert np.abs(flashes - heard).max() < DRIFT, flashes - heard
