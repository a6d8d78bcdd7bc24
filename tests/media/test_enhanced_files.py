"""Enhanced clips, decoded and looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.media.tools import Tools
from tests.media.corpus import VIDEOS, Corpus
from tests.media.looking import Enhanced, Pixels, describe, enhance, frame_times, frames

pytestmark = pytest.mark.anyio
Enhance = Callable[[str], Coroutine[Any, Any, Enhanced]]

COLOURS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
"""What the corners show, clockwise from the top left: red, lime, white, blue."""

ODD = {"odd-h264": (162, 122), "odd-vp9": (161, 121), "odd-ffv1": (162, 120)}
ONE_TICK = 0.0021


@pytest.fixture(scope="module")
def enhanced(corpus: Corpus, tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Enhance:
    root, made = tmp_path_factory.mktemp("enhanced"), dict[str, Enhanced]()

    async def make(name: str) -> Enhanced:
        if name not in made:
            made[name] = await enhance(corpus.path(name), root, tools)
        return made[name]

    return make


@pytest.mark.parametrize("name", VIDEOS)
async def test_every_frame_keeps_its_time(enhanced: Enhance, corpus: Corpus, name: str) -> None:
    result = await enhanced(name)
    before, after = corpus.times(name), frame_times(result.path)
    assert len(after) == len(before)
    if name != "packed":  # AVI of packed B-frames has no time of its own for some frames
        moved = [b - a for a, b in zip(before, after, strict=True)]
        assert max(moved) - min(moved) <= ONE_TICK


@pytest.mark.parametrize("name", VIDEOS)
async def test_duration_and_size_stay(enhanced: Enhance, name: str) -> None:
    result = await enhanced(name)
    before, after = result.before, result.after
    assert before.video is not None
    assert after.video is not None
    if not name.startswith(("cut", "headless")):
        tail = 0.05 if before.audio else 0.001
        assert after.duration == pytest.approx(before.duration, abs=max(tail, 1 / 20))
    shown = ODD.get(name, (before.video.display_width, before.video.display_height))
    assert (after.video.display_width, after.video.display_height) == shown
    assert (after.video.rotation, after.video.interlaced) == (0, False)
    assert len(after.audio) == len(before.audio)
    if not before.video.variable_rate and name not in ("odd-ffv1", "cut-mp4", "cut-ts", "headless-ts"):
        assert after.video.nominal_rate == before.video.nominal_rate
        assert not after.video.variable_rate


def corners(pixels: Pixels) -> list[str]:
    """Names of the colours in the corners of the last frame, clockwise from the top left."""
    height, width = pixels.shape[1:3]
    picked = [
        pixels[-1][y, x].astype(int)
        for y, x in ((6, 6), (6, width - 7), (height - 7, width - 7), (height - 7, 6))
    ]
    return [min(COLOURS, key=lambda name: int(np.abs(colour - COLOURS[name]).sum())) for colour in picked]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", ["red", "lime", "white", "blue"]),
        ("rotated-90", ["blue", "red", "lime", "white"]),
        ("rotated-180", ["white", "blue", "red", "lime"]),
        ("rotated-270", ["lime", "white", "blue", "red"]),
        ("interlaced", ["red", "lime", "white", "blue"]),
        ("vp9", ["red", "lime", "white", "blue"]),
        ("mjpeg", ["red", "lime", "white", "blue"]),
        ("full-range", ["red", "lime", "white", "blue"]),
    ],
)
async def test_the_picture_stays_upright_and_in_colour(
    enhanced: Enhance, name: str, expected: list[str]
) -> None:
    result = await enhanced(name)
    assert result.after.video is not None
    size = (result.after.video.width, result.after.video.height)
    assert corners(frames(result.path, *size)) == expected


@pytest.mark.parametrize(
    "name", ["plain", "ten-bit", "hdr10", "hlg", "interlaced", "vp9", "full-range", "gif", "wmv"]
)
async def test_the_picture_is_still_the_same_picture(enhanced: Enhance, corpus: Corpus, name: str) -> None:
    result = await enhanced(name)
    before, after = frames(corpus.path(name), 80, 60), frames(result.path, 80, 60)
    for one, other in zip(before[::5], after[::5], strict=True):
        a, b = one.mean(axis=2).ravel(), other.mean(axis=2).ravel()
        assert np.corrcoef(a, b)[0, 1] > 0.95


async def test_an_odd_size_repeats_its_edge(enhanced: Enhance) -> None:
    result = await enhanced("odd-h264")
    last = frames(result.path, 162, 122)[-1].astype(int)
    assert np.abs(last[:, 161] - last[:, 160]).mean() < 12
    assert np.abs(last[121] - last[120]).mean() < 12


async def test_darkness_stays_dark(enhanced: Enhance) -> None:
    assert frames((await enhanced("dark")).path, 80, 60).mean() < 20


@pytest.mark.parametrize("name", ["plain", "ten-bit", "hdr10", "hlg", "full-range", "many-tracks-mkv", "vp9"])
async def test_colour_tags_are_kept(enhanced: Enhance, name: str) -> None:
    result = await enhanced(name)
    assert result.before.video is not None
    assert result.after.video is not None
    for tag in ("color_primaries", "color_transfer", "color_space", "color_range", "bit_depth"):
        before = getattr(result.before.video, tag)
        if before is not None:
            assert getattr(result.after.video, tag) == before


async def test_hevc_in_mp4_plays_on_apple(enhanced: Enhance) -> None:
    assert describe((await enhanced("hdr10")).path)["streams"][0]["codec_tag_string"] == "hvc1"


@pytest.mark.parametrize("name", ["many-tracks", "many-tracks-mkv"])
async def test_all_sound_tracks_keep_codec_and_language(enhanced: Enhance, name: str) -> None:
    result = await enhanced(name)
    assert [(a.codec, a.language) for a in result.after.audio] == [
        (a.codec, a.language) for a in result.before.audio
    ]
    assert [a.default for a in result.after.audio] == [a.default for a in result.before.audio]


async def test_surround_survives_an_encoding(corpus: Corpus, tools: Tools, tmp_path: Path) -> None:
    for name, codec in (("a.mp4", "aac"), ("a.webm", "opus")):
        result = await enhance(corpus.path("surround-mkv"), tmp_path, tools, name)
        assert [(a.codec, a.channels) for a in result.after.audio] == [(codec, 6)]


async def test_subtitles_are_kept_as_the_container_can(corpus: Corpus, tools: Tools, tmp_path: Path) -> None:
    for source, name, codecs in (
        ("subtitles", "a.mp4", ["mov_text", "mov_text"]),
        ("subtitles", "a.mkv", ["subrip", "subrip"]),
        ("subtitles-mkv", "a.mp4", ["mov_text", "mov_text"]),
        ("subtitles-mkv", "a.webm", ["webvtt", "webvtt"]),
        ("subtitles-bitmap", "a.mkv", ["hdmv_pgs_subtitle"]),
        ("subtitles-bitmap", "a.mp4", []),
    ):
        result = await enhance(corpus.path(source), tmp_path, tools, name)
        assert [s.codec for s in result.after.subtitles] == codecs
        if codecs:
            assert [s.language for s in result.after.subtitles] == [
                s.language for s in result.before.subtitles
            ]
        assert bool(result.graph.notes) is (not codecs)


@pytest.mark.parametrize("name", ["plain", "late-video", "edit-list", "ntsc-mkv", "ts", "vp9", "flv"])
async def test_sound_and_picture_stay_together(enhanced: Enhance, corpus: Corpus, name: str) -> None:
    result = await enhanced(name)

    def offset(path: Path) -> float:
        starts = {s["codec_type"]: float(s["start_time"]) for s in describe(path)["streams"]}
        return starts["video"] - starts["audio"]

    assert offset(result.path) == pytest.approx(offset(corpus.path(name)), abs=0.024)


async def test_a_name_from_another_container_is_no_problem(
    corpus: Corpus, tools: Tools, tmp_path: Path
) -> None:
    disguised = tmp_path / "really-webm.mp4"
    shutil.copy(corpus.path("vp9"), disguised)
    result = await enhance(disguised, tmp_path, tools)
    assert result.after.formats[0] == "mov"
    assert [a.codec for a in result.after.audio] == ["opus"]
