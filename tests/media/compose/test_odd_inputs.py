"""Videos of every kind in movies, and movies of unusual sizes and rates."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from libs.contracts.movie import Scene
from tests.media.compose.making import Composed, Pixels, Set, check_clean, near, share, small, tone

pytestmark = pytest.mark.anyio

COLOUR = (200, 60, 40)
TEXT = "0xC83C28"
FLAT = f"color={TEXT}:s=320x180:r=25:d=0.6,format=gbrp"
X264 = ["-c:v", "libx264", "-preset", "ultrafast"]
HD = "scale=out_color_matrix=bt709:out_range=tv"
TAGS = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]


async def played(studio: Set, path: Path, background: str = "#0000FF") -> Composed:
    movie = small(Scene(elements=[await studio.element("video", path)], background=background))
    made = await studio.compose(movie)
    check_clean(made, movie)
    return made


def middle(made: Composed) -> Pixels:
    frames = made.frames()
    pixel: Pixels = frames[len(frames) // 2, 90, 160]
    return pixel


KINDS = {
    "sd.mp4": (f"{FLAT},scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", X264),
    "hd.mp4": (f"{FLAT},{HD},format=yuv420p", [*X264, *TAGS]),
    "full.mp4": (f"{FLAT},scale=out_color_matrix=bt709:out_range=pc,format=yuv420p",
                 [*X264, *TAGS, "-color_range", "pc"]),
    "ten.mp4": (f"{FLAT},{HD},format=yuv420p10le", [*X264, *TAGS]),
    "whole.mp4": (f"{FLAT},{HD},format=yuv444p", [*X264, *TAGS]),
    "interlaced.mp4": (f"{FLAT},{HD},format=yuv420p,setfield=tff", [*X264, *TAGS, "-flags", "+ilme+ildct"]),
    "rgb.mkv": (FLAT, ["-c:v", "ffv1"]),
    "motion.avi": (f"{FLAT},format=yuvj420p", ["-c:v", "mjpeg", "-q:v", "2"]),
}  # fmt: skip


async def test_videos_keep_their_colours(studio: Set) -> None:
    """And their lengths: each scene is as long as its video."""
    wanted = {name: (["-f", "lavfi", "-i", graph], options) for name, (graph, options) in KINDS.items()}
    videos = [await studio.element("video", path) for path in studio.several(wanted)]
    made = await studio.slides(*videos, length=15)
    for name, frame in zip(KINDS, made.frames()[7::15], strict=True):
        assert near(frame[90, 160], COLOUR, 8), (name, frame[90, 160])
    assert made.duration == pytest.approx(0.6 * len(KINDS), abs=0.05)
    assert np.abs(made.sound()).max() < 0.001


async def test_hdr_is_made_standard(studio: Set) -> None:
    """PQ: the signal of white at 203 cd/m² is 0.58."""
    graph = "color=0x949494:s=320x180:r=25:d=0.6,format=gbrp,scale=out_color_matrix=bt2020:out_range=tv"
    tags = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    options = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"]
    options += ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"]
    path = studio.file("pq.mp4", "-f", "lavfi", "-i", f"{graph},format=yuv420p10le,{tags}", *options)
    pixel = middle(await played(studio, path)).astype(int)
    assert np.ptp(pixel) < 8
    assert pixel.min() > 200


async def test_turned_videos_are_upright(studio: Set) -> None:
    graph = "color=red:s=160x80:r=25:d=0.4,drawbox=w=80:h=80:color=lime:t=fill"
    plain, videos = studio.file("plain.mp4", "-f", "lavfi", "-i", graph, *X264), []
    for turn in (90, 180, 270):
        turned = ["-i", str(plain), "-c", "copy", "-metadata:s:v", f"rotate={turn}"]
        videos.append(await studio.element("video", studio.file(f"{turn}.mp4", *turned)))
    right, half, left = (await studio.slides(*videos, length=10)).frames()[3::10]
    assert near(half[90, 80], (255, 0, 0), 20)
    assert near(half[90, 240], (0, 255, 0), 20)
    for frame in (right, left):
        above, below = frame[45, 160], frame[135, 160]
        assert {near(above, (0, 255, 0), 20), near(below, (0, 255, 0), 20)} == {True, False}
        assert near(frame[90, 60], (0, 0, 255), 14)


async def test_what_is_below_is_seen_through_videos(studio: Set) -> None:
    half = ["-f", "lavfi", "-i", "color=white@0.5:s=320x180:r=25:d=0.4,format=yuva420p"]
    webm = studio.file("clear.webm", *half, "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p")
    mov = studio.file("clear.mov", *half, "-c:v", "prores_ks", "-pix_fmt", "yuva444p10le")
    videos = [await studio.element("video", path) for path in (webm, mov)]
    for frame in (await studio.slides(*videos, length=10)).frames()[5::10]:
        assert near(frame[90, 160], (128, 128, 255), 14)


async def test_frames_of_a_variable_rate_are_shown_when_they_should(studio: Set) -> None:
    graph = "color=black:s=320x180:r=25:d=1,drawbox=w=320:h=180:color=white:t=fill:enable='gte(t,0.8)'"
    path = studio.file(
        "vfr.mkv",
        "-f",
        "lavfi",
        "-i",
        f"{graph},select='not(mod(n,5))+between(n,6,9)'",
        "-vsync",
        "vfr",
        *X264,
    )
    frames = (await played(studio, path)).frames()[:, 90, 160, 0]
    assert frames[:20].max() < 30
    assert frames[20:].min() > 225


async def test_sound_may_begin_late_and_end_after_the_pictures(studio: Set) -> None:
    video = ["-f", "lavfi", "-i", "color=red:s=320x180:r=25:d=1"]
    path = studio.file(
        "late.mp4",
        *video,
        "-itsoffset",
        "0.4",
        *tone(440, 1.5),
        "-map",
        "0",
        "-map",
        "1",
        *X264,
        "-c:a",
        "aac",
    )
    made = await played(studio, path)
    assert made.duration == pytest.approx(1.0, abs=0.05)
    sound = made.sound()
    assert share(sound, 440, 0.05, 0.35) < 0.01
    assert share(sound, 440, 0.5, 0.95) == pytest.approx(0.25, rel=0.1)


@pytest.mark.parametrize(
    ("size", "rate", "seconds"),
    [((16, 16), 25, 0.4), ((320, 180), 60, 0.5), ((320, 180), 1, 3.0), ((320, 180), 25, 0.001)],
)
async def test_movies_of_unusual_sizes_rates_and_lengths(
    studio: Set, size: tuple[int, int], rate: int, seconds: float
) -> None:
    path = studio.file("v.mp4", "-f", "lavfi", "-i", f"color={TEXT}:s=320x180:r=30:d=3", *X264)
    voice = studio.folder / "v.wav"
    made_of = [*tone(440, max(seconds, 0.1)), "-af", f"atrim=end={seconds}"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *made_of, str(voice)], check=True, timeout=60)
    scene = Scene(elements=[await studio.element("video", path), await studio.element("audio", voice)])
    movie = small(scene, width=size[0], height=size[1], rate=rate)
    made = await studio.compose(movie)
    check_clean(made, movie)
    frames = made.frames()
    assert len(frames) == max(round(seconds * rate), 1)
    assert near(frames[-1, size[1] // 2, size[0] // 2], COLOUR, 14)
