"""Sounds of every kind in movies: pitch, level, beginning and end."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from libs.contracts.movie import Scene
from tests.media.compose.making import HERTZ, Composed, Set, check_clean, picture, share, small, tone

pytestmark = pytest.mark.anyio

TINY = {"width": 64, "height": 36}
LEVEL = 0.25
LAME = 0.95
"""LAME makes everything so much quieter, and so does ffmpeg's AAC encoder with what reaches full scale."""


async def heard(studio: Set, *paths: Path, volume: float = 1.0) -> Composed:
    elements = [await studio.element("audio", path, volume=volume) for path in paths]
    movie = small(Scene(elements=elements, duration=1.0), **TINY)
    made = await studio.compose(movie)
    check_clean(made, movie)
    return made


SOUNDS: dict[str, tuple[int, str, list[str]]] = {
    "mono.wav": (44_100, "mono", []),
    "byte.wav": (8_000, "mono", ["-c:a", "pcm_u8"]),
    "fine.wav": (96_000, "stereo", ["-c:a", "pcm_s24le"]),
    "float.wav": (22_050, "stereo", ["-c:a", "pcm_f32le"]),
    "a.mp3": (44_100, "stereo", []),
    "slow.mp3": (22_050, "mono", []),
    "noheader.mp3": (44_100, "mono", ["-write_xing", "0", "-id3v2_version", "0"]),
    "a.m4a": (44_100, "stereo", []),
    "a.opus": (48_000, "stereo", ["-c:a", "libopus"]),
    "a.ogg": (44_100, "stereo", ["-c:a", "libvorbis"]),
    "a.flac": (96_000, "stereo", []),
    "a.aac": (44_100, "stereo", []),
    "a.webm": (48_000, "mono", ["-c:a", "libopus"]),
}


async def test_sounds_keep_pitch_level_and_length(studio: Set) -> None:
    """Each in a scene that is as long as it, and is black or white in turn."""
    scenes = []
    made_of = {
        name: (tone(440, 1.0, rate=rate, layout=layout), options)
        for name, (rate, layout, options) in SOUNDS.items()
    }
    for number, path in enumerate(studio.several(made_of)):
        shown = ("#000000", "#FFFFFF")[number % 2]
        scenes.append(Scene(elements=[await studio.element("audio", path)], duration=1.0, background=shown))
    movie = small(*scenes, **TINY)
    made = await studio.compose(movie)
    check_clean(made, movie)
    white = made.frames()[:, 18, 32, 0] > 128
    starts = [0.0, *((np.flatnonzero(white[1:] != white[:-1]) + 1) / movie.rate), made.duration]
    sound = made.sound()
    for (name, (_, layout, _)), (start, end) in zip(SOUNDS.items(), pairwise(starts), strict=True):
        wanted = (LEVEL if layout == "mono" else LEVEL * 2**0.5) * (LAME if name.endswith("mp3") else 1)
        assert share(sound, 440, start + 0.1, start + 0.9) == pytest.approx(wanted, rel=0.05), name
        assert end - start == pytest.approx(1.0, abs=0.13), name  # what is not a WAV may be padded


async def test_surround(studio: Set) -> None:
    """All of it is heard, in both channels alike, and not over full scale."""
    sound = (await heard(studio, studio.file("six.wav", *tone(440, 1.0, layout="5.1")))).sound()
    assert share(sound, 440, 0.1, 0.9) > 0.2
    middle = sound[HERTZ // 4 : HERTZ // 2]
    assert np.abs(middle[:, 0] - middle[:, 1]).max() < 0.02
    assert np.abs(sound).max() < 1


async def test_a_cover_is_no_video(studio: Set) -> None:
    cover = studio.file("cover.png", *picture("color=red:s=64x64"))
    path = studio.file(
        "cover.mp3", *tone(440, 1.0), "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy",
        "-disposition:v", "attached_pic",
    )  # fmt: skip
    made = await heard(studio, path)
    assert share(made.sound(), 440, 0.1, 0.9) == pytest.approx(LEVEL * LAME, rel=0.05)
    assert made.frames()[2].max() < 20


async def test_no_volume_is_silence_and_still_takes_its_time(studio: Set) -> None:
    made = await heard(studio, studio.file("a.wav", *tone(440, 0.72)), volume=0.0)
    assert made.duration == pytest.approx(0.72, abs=0.04)
    assert np.abs(made.sound()).max() < 0.001


async def test_nothing_at_all_is_a_movie_too(studio: Set) -> None:
    movie = small(Scene(duration=0.4, background="#FF0000"), background="#00FF00")
    made = await studio.compose(movie)
    check_clean(made, movie)
    assert np.abs(made.frames()[3, 90, 160].astype(int) - (255, 0, 0)).max() < 12
    assert np.abs(made.sound()).max() < 0.001


# --- together -------------------------------------------------------------------------------------


async def test_levels_stay_as_they_are_when_nothing_is_too_loud(studio: Set) -> None:
    paths = [studio.file(f"{hertz}.wav", *tone(hertz, 1.0, layout="stereo")) for hertz in (440, 700, 900)]
    sound = (await heard(studio, *paths)).sound()
    for hertz in (440, 700, 900):
        assert share(sound, hertz, 0.1, 0.9) == pytest.approx(LEVEL * 2**0.5, rel=0.01)


async def test_what_is_too_loud_together_is_limited_and_not_clipped(studio: Set) -> None:
    """Clipped sines have strong overtones; limited ones do not."""
    paths = [
        studio.file(f"{name}.wav", *tone(440, 1.0, volume=3.6, layout="stereo"), "-metadata", f"title={name}")
        for name in "ab"
    ]
    sound = (await heard(studio, *paths)).sound()
    assert np.abs(sound[2400:-2400]).max() < 1.03
    assert share(sound, 440, 0.1, 0.9) == pytest.approx(2**0.5 * LAME, rel=0.03)
    assert share(sound, 3 * 440, 0.1, 0.9) < 0.02


async def test_one_full_scale_sound_is_left_alone(studio: Set) -> None:
    path = studio.file("loud.wav", *tone(440, 1.0, volume=4.0, layout="stereo"))
    sound = (await heard(studio, path)).sound()
    assert share(sound, 440, 0.1, 0.9) == pytest.approx(2**0.5 * LAME, rel=0.01)
