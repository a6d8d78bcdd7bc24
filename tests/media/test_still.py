"""Stills: the right frame, in the right colours, without decoding more than is needed."""

from __future__ import annotations

import random
import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from libs.contracts.errors import MediaError
from libs.media.tools import Tools
from tests.media.corpus import Corpus
from tests.media.filming import Lab, made, number, picture
from tests.media.looking import Pixels
from tests.media.numbered import HEIGHT, WIDTH, X264, numbered, timed_numbers
from tests.media.viewing import looked_at

pytestmark = pytest.mark.anyio

OPEN_GOP = (*X264, "-g", "50", "-bf", "3", "-x264-params", "open-gop=1")
MPEG = ("-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-g", "15")
JUMPY = ("-vf", "setpts='(N+floor(N/7)*3+floor(N/50)*40)/25/TB'", "-fps_mode", "vfr", *X264, "-g", "100")
RECIPES: dict[str, tuple[int, str, tuple[str, ...], tuple[str, ...]]] = {
    "plain.mp4": (750, "25", (*X264, "-g", "250", "-bf", "3"), ("-c:a", "aac")),
    "open.mp4": (400, "25", OPEN_GOP, ()),
    "hevc.mov": (
        300,
        "24",
        ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"),
        (),
    ),
    "open.mkv": (400, "30000/1001", OPEN_GOP, ("-c:a", "libopus")),
    "vp9.webm": (300, "25", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"), ()),
    "open.ts": (400, "25", OPEN_GOP, ("-c:a", "aac")),
    "long.ts": (750, "25", (*X264, "-g", "300", "-bf", "3"), ("-c:a", "aac")),
    "mpeg2.ts": (400, "25", MPEG, ("-c:a", "mp2")),
    "program.mpg": (400, "25", MPEG, ("-c:a", "mp2")),
    "mpeg4.avi": (500, "25", ("-c:v", "mpeg4", "-q:v", "3", "-g", "50"), ("-c:a", "mp3")),
    "b-frames.avi": (500, "25", ("-c:v", "mpeg4", "-q:v", "3", "-bf", "2", "-g", "50"), ("-c:a", "mp3")),
    "h264.avi": (500, "25", OPEN_GOP, ("-c:a", "mp3")),
    "plain.flv": (500, "25", (*X264, "-g", "50", "-bf", "2"), ("-c:a", "aac")),
    "plain.wmv": (500, "25", ("-c:v", "wmv2", "-q:v", "3"), ("-c:a", "wmav2")),
    "plain.ogv": (500, "25", ("-c:v", "libtheora", "-q:v", "6"), ("-c:a", "libvorbis")),
    "slow.gif": (60, "10", (), ()),
    "jumpy.mp4": (300, "25", JUMPY, ()),
    "jumpy.mkv": (300, "25", JUMPY, ()),
    "one.mp4": (1, "25", X264, ()),
}
COPIES = {
    "edit-list.mov": ("plain.mp4", ["-ss", "3.3"], []),
    "fragments.mp4": ("plain.mp4", [], ["-movflags", "frag_keyframe+empty_moov"]),
    "late.mp4": ("plain.mp4", ["-itsoffset", "0.5"], ["-map", "0:v"]),
    "cut.ts": ("plain.mp4", ["-ss", "5.5"], []),
}
"""Packets of another one, cut or moved."""


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of numbered clips."""
    folder = tmp_path_factory.mktemp("numbered")
    for name, (count, rate, video, audio) in RECIPES.items():
        numbered(folder / name, count, rate=rate, video=video, audio=audio)
    for name, (of, before, then) in COPIES.items():
        made(folder / name, *before, "-i", str(folder / of), "-c", "copy", *then)
    whole = (folder / "open.ts").read_bytes()
    (folder / "headless.ts").write_bytes(whole[len(whole) // 3 :])
    shutil.copy(folder / "plain.mp4", folder / "disguised.avi")
    return folder


@pytest.fixture
def lab(tools: Tools, tmp_path: Path) -> Lab:
    return Lab(tools, tmp_path)


@pytest.mark.parametrize("name", [*RECIPES, *COPIES, "headless.ts", "disguised.avi"])
async def test_the_frame_that_is_shown_then(filmed: Path, lab: Lab, name: str) -> None:
    path = filmed / name
    (times, shows), luck = timed_numbers(path), random.Random(name)
    times = [time - times[0] for time in times]
    inside = luck.choice(times)
    for at in (0.0, times[-1], times[-1] + 0.3, inside, inside - 0.001):
        wanted = shows[max((i for i, time in enumerate(times) if time <= at + 0.0005), default=0)]
        assert number(await lab.still(path, at)) == wanted, at


async def test_before_the_first_frame_is_the_first(filmed: Path, lab: Lab) -> None:
    assert number(await lab.still(filmed / "late.mp4", -1.0)) == 0


@pytest.mark.parametrize("name", ["plain", "rotated-90", "rotated-270", "vfr-mkv", "vp9", "ts", "ten-bit"])
async def test_it_is_as_good_as_the_frame(corpus: Corpus, lab: Lab, name: str) -> None:
    path, times = corpus.path(name), corpus.times(name)
    shown = picture(await lab.still(path, 0.5, quality=1))
    height, width = shown.shape[:2]
    index = max(i for i, time in enumerate(times) if time - times[0] <= 0.5005)
    assert psnr(shown, decoded(path, index, width, height)) > 30


def decoded(path: Path, index: int, width: int, height: int) -> Pixels:
    """A frame as RGB, its chroma filtered as good players do it."""
    scaled = ("scale", f"{width}:{height}:flags=bicubic+accurate_rnd+full_chroma_int")
    return next(islice(looked_at(path, "rgb24", scaled), index, None))[1]


def psnr(one: Pixels, other: Pixels) -> float:
    error = float(np.square(one.astype(float) - other.astype(float)).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("plain", (160, 120)),
        ("rotated-90", (120, 160)),
        ("rotated-180", (160, 120)),
        ("anamorphic", (213, 120)),
        ("odd-h264", (161, 121)),
        ("odd-vp9", (161, 121)),
        ("interlaced", (160, 120)),
        ("hdr10", (160, 120)),
        ("one-frame", (160, 120)),
    ],
)
async def test_it_is_as_large_as_displayed(
    corpus: Corpus, lab: Lab, name: str, size: tuple[int, int]
) -> None:
    shown = picture(await lab.still(corpus.path(name), 0.4))
    assert (shown.shape[1], shown.shape[0]) == size


async def test_it_fits_where_it_should(corpus: Corpus, lab: Lab) -> None:
    for box, size in (
        ((80, 80), (80, 60)),
        ((1000, 30), (40, 30)),
        ((4000, 4000), (160, 120)),
        ((1, 1), (1, 1)),
    ):
        shown = picture(await lab.still(corpus.path("plain"), 0.4, within=box))
        assert (shown.shape[1], shown.shape[0]) == size


@pytest.mark.parametrize("name", ["audio-only", "mp3"])
async def test_sound_alone_has_no_frame(corpus: Corpus, lab: Lab, name: str) -> None:
    with pytest.raises(MediaError):
        await lab.still(corpus.path(name), 0.2)


async def test_it_is_a_bare_baseline_jpeg(filmed: Path, lab: Lab) -> None:
    data = (await lab.still(filmed / "plain.mp4", 1.0)).read_bytes()
    assert data.startswith(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    assert data.endswith(b"\xff\xd9")
    assert b"\xff\xc0" in data
    assert b"Lavc" not in data
    assert (WIDTH, HEIGHT) == (192, 96)
