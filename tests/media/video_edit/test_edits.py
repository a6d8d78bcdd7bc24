"""VIDEO_EDITs of odd but real clips, decoded and looked at."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from libs.contracts.errors import MediaError
from libs.contracts.video_edit import FITS, Analysis, Wanted
from libs.media.tools import Tools
from libs.media.video_edit.graph import video_edit_graph
from tests.media.corpus import Corpus
from tests.media.filming import Lab, boxes
from tests.media.looking import Pixels, frame_times, frames, reference
from tests.media.video_edit.making import Edits, Made

pytestmark = pytest.mark.anyio

CLIPS = (
    "plain", "no-audio", "rotated-90", "rotated-270", "vfr", "vfr-mkv", "odd-h264", "odd-vp9", "odd-ffv1",
    "ten-bit", "hdr10", "hlg", "interlaced", "interlaced-ts", "many-tracks", "cover", "gif", "alpha-vp9",
    "edit-list", "late-video", "surround-mkv", "mjpeg", "wmv", "one-frame", "anamorphic", "full-range",
    "headless-ts", "packed",
)  # fmt: skip
LEVELLED = ("plain", "no-audio", "vfr", "odd-vp9", "interlaced-ts", "many-tracks", "edit-list", "late-video",
            "surround-mkv", "mjpeg", "wmv", "headless-ts")  # fmt: skip
"""Those whose sound, as different as it is, is brought to a loudness besides."""
COLOURS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def shown(made: Made) -> Pixels:
    """The frame in the middle."""
    every = frames(made.path, *made.size)
    picture: Pixels = every[len(every) // 2]
    return picture


def colour(pixel: Pixels) -> str:
    return min(COLOURS, key=lambda name: int(np.abs(pixel.astype(int) - COLOURS[name]).sum()))


@pytest.mark.parametrize("name", CLIPS)
async def test_any_video_comes_out_in_the_exact_size(corpus: Corpus, edits: Edits, name: str) -> None:
    path = corpus.path(name)
    fit = FITS[CLIPS.index(name) % 3]
    lufs = -16.0 if name in LEVELLED else None
    made = await edits.made(path, Wanted(duration=5.0, width=90, height=160, lufs=lufs, fit=fit))
    video = made.stream("video")
    assert made.size == (90, 160)
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == ("h264", "High", "yuv420p")
    assert video["sample_aspect_ratio"] == "1:1"
    assert video["r_frame_rate"] == video["avg_frame_rate"]
    info = await edits.info(made.path)
    assert info.video is not None
    assert (info.video.rotation, info.video.hdr) == (0, False)
    assert [each.codec for each in info.audio] == ["aac"] * min(len(made.source.audio), 1)
    assert boxes(made.path).index("moov") < boxes(made.path).index("mdat")
    times = corpus.times(name)
    assert made.source.video is not None
    lasts = times[-1] - times[0] + 1 / Fraction(made.source.video.nominal_rate)
    assert float(video["duration"]) == pytest.approx(float(lasts), abs=0.1)


@pytest.mark.parametrize(
    ("fit", "width", "height"),
    [("pad", 1080, 1920), ("crop", 16, 16), ("blur", 16, 16), ("crop", 500, 98), ("blur", 500, 98)],
)
async def test_the_length_is_the_one_that_was_asked_for(
    corpus: Corpus, edits: Edits, fit: str, width: int, height: int
) -> None:
    made = await edits.made(corpus.path("plain"), Wanted(duration=0.6, width=width, height=height, fit=fit))
    assert made.size == (width, height)
    assert made.duration == pytest.approx(0.6, abs=0.1)
    assert len(frame_times(made.path)) == 15


@pytest.mark.parametrize(
    ("name", "corners"),
    [
        ("plain", ["red", "lime", "white", "blue"]),
        ("rotated-90", ["blue", "red", "lime", "white"]),
        ("anamorphic", ["red", "lime", "white", "blue"]),
        ("full-range", ["red", "lime", "white", "blue"]),
        ("interlaced", ["red", "lime", "white", "blue"]),
    ],
)
async def test_bars_are_black_and_the_picture_is_upright(
    corpus: Corpus, edits: Edits, name: str, corners: list[str]
) -> None:
    made = await edits.made(corpus.path(name), Wanted(duration=5.0, width=240, height=240))
    picture = shown(made)
    filled = np.argwhere(picture.max(axis=2) > 40)
    top, left = filled.min(axis=0)
    bottom, right = filled.max(axis=0)
    assert made.source.video is not None
    wide = made.source.video.display_width / made.source.video.display_height
    assert (right - left + 1) / (bottom - top + 1) == pytest.approx(wide, rel=0.04)
    places = [(top + 6, left + 6), (top + 6, right - 6), (bottom - 6, right - 6), (bottom - 6, left + 6)]
    assert [colour(picture[place]) for place in places] == corners
    bars = picture[: top // 2] if top > 3 else picture[:, : left // 2]
    assert bars.size
    assert bars.max() <= 6


async def test_a_blurred_frame_has_no_bars(corpus: Corpus, edits: Edits) -> None:
    made = await edits.made(corpus.path("plain"), Wanted(duration=5.0, width=120, height=240, fit="blur"))
    picture = shown(made)
    assert picture[4].max() > 60
    assert picture[-5].max() > 60


@pytest.mark.parametrize(
    ("name", "fits"),
    [("hdr10", FITS), ("hlg", FITS[:1]), ("alpha-vp9", FITS), ("gif", FITS[1:2]), ("ten-bit", FITS[2:])],
)
async def test_colours_are_those_of_the_video(
    corpus: Corpus, edits: Edits, tools: Tools, name: str, fits: tuple[str, ...]
) -> None:
    """As in the clip of a Motion Photo, which is shown at the size of the video."""
    clip = await Lab(tools, edits.folder).clip(corpus.path(name), 0.0, 9.0)
    wanted = frames(clip.path, 160, 120)[5].astype(int)
    for fit in fits:
        made = await edits.made(corpus.path(name), Wanted(duration=5.0, width=160, height=120, fit=fit))
        assert np.abs(frames(made.path, 160, 120)[5].astype(int) - wanted).mean() < 4, fit


async def test_fast_videos_become_60_frames_a_second(edits: Edits) -> None:
    path = edits.clip("fast.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=120:d=1")
    made = await edits.made(path, Wanted(duration=9.0, width=64, height=64))
    assert made.stream("video")["avg_frame_rate"] == "60/1"
    assert len(frame_times(made.path)) == 60


async def test_sound_ends_with_the_pictures(edits: Edits) -> None:
    inputs = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-f", "lavfi", "-i", "sine=440:d=4"]
    path = edits.clip("longer.mp4", *inputs)
    for lufs in (None, -16.0):
        made = await edits.made(path, Wanted(duration=9.0, width=64, height=64, lufs=lufs))
        assert made.duration == pytest.approx(1.0, abs=0.1)


async def test_what_the_source_says_of_itself_is_not_told(edits: Edits) -> None:
    said = ["-metadata", "title=Mine", "-metadata", "location=+37.5+127.0/"]
    path = edits.clip("said.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", *said)
    made = await edits.made(path, Wanted(duration=9.0, width=64, height=64))
    assert not {"title", "location"} & set(made.raw["format"]["tags"])


async def test_sound_alone_is_no_video(corpus: Corpus, edits: Edits) -> None:
    path = corpus.path("audio-only")
    with pytest.raises(MediaError):
        video_edit_graph(
            reference(path), await edits.info(path), Wanted(duration=5.0, width=64, height=64), Analysis()
        )
