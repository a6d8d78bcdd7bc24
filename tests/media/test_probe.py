"""What a probe says, by pure parsing and over the corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.contracts.errors import MediaError
from libs.contracts.media import MediaInfo
from libs.media.probe import bit_depth, check_decodes, parse_probe, probe
from libs.media.tools import Tools
from tests.media.corpus import VIDEOS, Corpus
from tests.media.looking import probed

VIDEO: dict[str, Any] = {
    "index": 0,
    "codec_type": "video",
    "codec_name": "h264",
    "width": 720,
    "height": 576,
    "time_base": "1/90000",
    "avg_frame_rate": "25/1",
    "r_frame_rate": "25/1",
    "pix_fmt": "yuv420p",
}


def parsed(**changes: Any) -> MediaInfo:
    return parse_probe({"format": {"format_name": "mov,mp4"}, "streams": [VIDEO | changes]}, 1000)


@pytest.mark.parametrize(
    ("counter_clockwise", "clockwise"), [(-90, 90), (90, 270), (180, 180), (-180, 180), (0, 0)]
)
def test_rotation_is_clockwise_and_turns_the_displayed_size(counter_clockwise: int, clockwise: int) -> None:
    video = parsed(side_data_list=[{"rotation": counter_clockwise}]).video
    assert video is not None
    assert video.rotation == clockwise
    turned = clockwise in (90, 270)
    assert (video.display_width, video.display_height) == ((576, 720) if turned else (720, 576))


def test_pixels_that_are_not_square_widen_the_displayed_size() -> None:
    video = parsed(sample_aspect_ratio="16:11").video
    assert video is not None
    assert (video.width, video.display_width, video.sample_aspect) == (720, 1047, "16:11")


@pytest.mark.parametrize(
    ("average", "nominal", "order", "varies"),
    [
        ("25/1", "25/1", "progressive", False),
        ("30000/1001", "30/1", "progressive", False),
        ("18/1", "50/1", "progressive", True),
        ("25/1", "50/1", "tt", False),
        ("25/1", "50/1", "progressive", True),
        ("0/0", "25/1", "progressive", False),
    ],
)
def test_a_varying_rate_is_told_from_the_two_rates(
    average: str, nominal: str, order: str, varies: bool
) -> None:
    video = parsed(avg_frame_rate=average, r_frame_rate=nominal, field_order=order).video
    assert video is not None
    assert video.variable_rate is varies
    assert video.interlaced is (order == "tt")


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("yuv420p", 8),
        ("yuv420p10le", 10),
        ("p010le", 10),
        ("gbrp12be", 12),
        ("gray16le", 16),
        ("rgb48le", 16),
        ("yuva444p10le", 10),
        ("nv12", 8),
        ("bgra", 8),
        ("x2rgb10le", 10),
        ("yuvj420p", 8),
        (None, 8),
        ("rgb24", 8),
    ],
)
def test_bit_depth_is_read_from_the_name(name: str | None, depth: int) -> None:
    assert bit_depth(name) == depth


def test_cover_art_is_not_the_video() -> None:
    cover = VIDEO | {
        "index": 1,
        "codec_name": "png",
        "width": 3000,
        "height": 3000,
        "disposition": {"attached_pic": 1},
    }
    info = parse_probe({"format": {}, "streams": [cover, VIDEO]}, 1)
    assert (info.pictures, info.extra_videos) == (1, 0)
    assert info.video is not None
    assert info.video.codec == "h264"


def test_a_matroska_duration_tag_counts() -> None:
    video = parsed(tags={"DURATION-eng": "00:01:02.500000000", "BPS": "800"}).video
    assert video is not None
    assert (video.duration, video.bit_rate) == (62.5, 800)


def test_no_stream_that_plays_is_no_media() -> None:
    with pytest.raises(MediaError):
        parse_probe({"format": {}, "streams": [{"index": 0, "codec_type": "data"}]}, 1)
    with pytest.raises(MediaError):
        parse_probe({}, 1)


async def info_of(corpus: Corpus, tools: Tools, name: str) -> MediaInfo:
    return await probed(corpus.path(name), tools)


@pytest.mark.anyio
@pytest.mark.parametrize("name", VIDEOS)
async def test_every_video_probes_and_decodes(corpus: Corpus, tools: Tools, name: str) -> None:
    info = await info_of(corpus, tools, name)
    assert info.video is not None
    await check_decodes(corpus.path(name), info, tools)
    assert msgspec.json.decode(msgspec.json.encode(info), type=MediaInfo) == info


EXPECTED: dict[str, dict[str, Any]] = {
    "rotated-90": {"rotation": 90, "display_width": 120, "display_height": 160},
    "rotated-270": {"rotation": 270},
    "rotated-180": {"rotation": 180, "display_width": 160},
    "vfr": {"variable_rate": True},
    "ntsc-mkv": {"variable_rate": False, "nominal_rate": "30000/1001"},
    "ten-bit": {"bit_depth": 10, "hdr": False},
    "hdr10": {"bit_depth": 10, "hdr": True, "color_primaries": "bt2020"},
    "hlg": {"hdr": True, "color_transfer": "arib-std-b67"},
    "interlaced": {"interlaced": True, "variable_rate": False},
    "interlaced-ts": {"interlaced": True},
    "interlaced-mpeg2": {"interlaced": True},
    "anamorphic": {"sample_aspect": "4:3", "display_width": 213},
    "alpha-vp9": {"alpha": True},
    "gif": {"alpha": True, "codec": "gif"},
    "full-range": {"color_range": "pc"},
    "one-frame": {"declared_frames": 1},
    "odd-vp9": {"width": 161, "height": 121},
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", EXPECTED)
async def test_what_is_odd_is_seen(corpus: Corpus, tools: Tools, name: str) -> None:
    video = (await info_of(corpus, tools, name)).video
    assert {field: getattr(video, field) for field in EXPECTED[name]} == EXPECTED[name]


@pytest.mark.anyio
async def test_tracks_and_languages_are_seen(corpus: Corpus, tools: Tools) -> None:
    many = await info_of(corpus, tools, "many-tracks")
    assert [(a.codec, a.language, a.default) for a in many.audio] == [
        ("aac", "eng", False),
        ("aac", "kor", True),
        ("ac3", "jpn", False),
    ]
    texts = await info_of(corpus, tools, "subtitles")
    assert [(s.codec, s.text, s.language) for s in texts.subtitles] == [
        ("mov_text", True, "eng"),
        ("mov_text", True, "kor"),
    ]
    assert [s.text for s in (await info_of(corpus, tools, "subtitles-bitmap")).subtitles] == [False]
    assert (await info_of(corpus, tools, "audio-only")).video is None
    assert (await info_of(corpus, tools, "cover")).pictures == 1


@pytest.mark.anyio
async def test_a_file_whose_pictures_are_rubbish_does_not_decode(
    corpus: Corpus, tools: Tools, tmp_path: Path
) -> None:
    data = bytearray(corpus.path("plain").read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    spoiled = tmp_path / "spoiled.mp4"
    spoiled.write_bytes(data)
    info = (await probe(spoiled, tools, size=len(data))).info
    with pytest.raises(MediaError):
        await check_decodes(spoiled, info, tools)
