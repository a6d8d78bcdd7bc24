"""Scenes and elements, looked at and listened to."""

from __future__ import annotations

import numpy as np
import pytest

from libs.contracts.movie import Scene
from tests.media.compose.making import HERTZ, Set, share, small, tone

pytestmark = pytest.mark.anyio


async def test_scenes_are_as_long_as_their_sound_and_in_order(studio: Set) -> None:
    first = await studio.element("audio", studio.file("a.wav", *tone(440, 1.31)))
    second = await studio.element("audio", studio.file("b.wav", *tone(880, 0.87, rate=22_050)), volume=0.5)
    third = Scene(duration=0.5, background="#FF0000")
    made = await studio.compose(
        small(
            Scene(elements=[first], background="#0000FF"),
            Scene(elements=[second], background="#00FF00"),
            third,
        )
    )
    assert made.duration == pytest.approx(1.31 + 0.87 + 0.5, abs=0.045)
    assert (made.stream("video")["codec_name"], made.stream("audio")["codec_name"]) == ("h264", "aac")
    shown = made.frames()
    assert len(shown) == round(made.duration * 25)
    for at, colour in (
        (0.1, (0, 0, 255)),
        (1.2, (0, 0, 255)),
        (1.4, (0, 255, 0)),
        (2.1, (0, 255, 0)),
        (2.3, (255, 0, 0)),
    ):
        assert np.abs(shown[int(at * 25), 90, 160].astype(int) - colour).max() < 12, at
    sound = made.sound()
    assert share(sound, 440, 0.1, 1.2) == pytest.approx(0.25, rel=0.1)
    assert share(sound, 880, 0.1, 1.2) < 0.01
    assert share(sound, 880, 1.4, 2.1) == pytest.approx(0.125, rel=0.1)
    assert share(sound, 440, 1.4, 2.1) < 0.01
    assert np.abs(sound[round(2.3 * HERTZ) :]).max() < 0.01


async def test_pictures_are_where_they_are_wanted_and_seen_through_where_they_are(studio: Set) -> None:
    red = studio.file(
        "red.png", "-f", "lavfi", "-i", "color=red:s=40x20", "-frames:v", "1", "-pix_fmt", "rgb24"
    )
    half = studio.file(
        "half.png", "-f", "lavfi", "-i", "color=white@0.5:s=64x64,format=rgba", "-frames:v", "1"
    )
    scene = Scene(
        elements=[
            await studio.element("image", red, x=20, y=40),
            await studio.element("image", red, x=100, y=40, width=80, height=60),
            await studio.element("image", half, x=60, y=30, width=60, height=60),
        ],
        duration=0.4,
        background="#0000FF",
    )
    made = await studio.compose(small(scene))
    picture = made.frames()[5].astype(int)
    for x, y, colour in (
        (10, 50, (0, 0, 255)), (30, 50, (255, 0, 0)), (30, 62, (0, 0, 255)), (56, 50, (255, 0, 0)),
        (150, 95, (255, 0, 0)), (90, 80, (128, 128, 255)), (110, 80, (255, 128, 128)), (186, 60, (0, 0, 255)),
    ):  # fmt: skip
        assert np.abs(picture[y, x] - colour).max() < 14, (x, y, picture[y, x])


async def test_a_video_plays_at_its_rate_and_again_when_it_is_short(studio: Set) -> None:
    path = studio.file(
        "count.mp4", "-f", "lavfi", "-i", "testsrc=s=160x90:r=10:d=0.5", *tone(500, 0.5), "-c:a", "aac"
    )
    voice = await studio.element("audio", studio.file("a.wav", *tone(440, 1.0)))
    scene = Scene(elements=[await studio.element("video", path, volume=1.0), voice])
    made = await studio.compose(small(scene))
    shown = made.frames().astype(int)
    assert made.duration == pytest.approx(1.0, abs=0.03)
    first, again = shown[2], shown[14]
    assert np.abs(first - again).mean() < 3
    assert np.abs(first - shown[10]).mean() > 1
    assert share(made.sound(), 500, 0.6, 0.95) > 0.1
    assert share(made.sound(), 440, 0.1, 0.9) == pytest.approx(0.25, rel=0.15)


async def test_what_runs_under_all_scenes_lies_over_them(studio: Set) -> None:
    logo = studio.file("logo.png", "-f", "lavfi", "-i", "color=yellow:s=30x30", "-frames:v", "1")
    music = await studio.element("audio", studio.file("m.wav", *tone(300, 3.0, layout="stereo")), volume=0.4)
    voice = await studio.element("audio", studio.file("v.wav", *tone(440, 0.6)))
    red = studio.file("red.png", "-f", "lavfi", "-i", "color=red:s=320x180", "-frames:v", "1")
    movie = small(
        Scene(elements=[await studio.element("image", red), voice]),
        Scene(duration=0.6, background="#00FF00"),
        elements=[await studio.element("image", logo, x=280, y=10), music],
    )
    made = await studio.compose(movie)
    assert made.duration == pytest.approx(1.2, abs=0.03)
    for frame, below in ((5, (255, 0, 0)), (25, (0, 255, 0))):
        picture = made.frames()[frame].astype(int)
        assert np.abs(picture[90, 160] - below).max() < 14
        assert np.abs(picture[25, 295] - (255, 255, 0)).max() < 14
    assert share(made.sound(), 300, 0.1, 1.1) == pytest.approx(0.1 * 2**0.5, rel=0.1)
