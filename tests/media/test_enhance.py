"""The plan of an enhancement, without running it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from libs.contracts.errors import MediaError
from libs.contracts.graph import Filter, Output
from libs.media.enhance import enhance_graph
from libs.media.graph import validate
from libs.media.rhythm import rhythm_of
from tests.media.building import REF, audio, info, subtitle, video


def planned(name: str = "a.mp4", **changes: Any) -> Output:
    graph = enhance_graph(REF, info(**changes), name)
    validate(graph)
    return graph


def filters(graph: Output) -> list[str]:
    assert isinstance(graph.input, Filter)
    return [step.name for step in graph.input.steps]


def test_sound_alone_cannot_be_enhanced() -> None:
    with pytest.raises(MediaError, match="There is no video in this file, only sound"):
        planned(video=None, audio=[audio()])


@pytest.mark.parametrize(
    ("name", "formats", "extension", "content_type", "encoder"),
    [
        ("a.mp4", ["mov"], "mp4", "video/mp4", "libx264"),
        ("A.MOV", ["mov"], "mov", "video/quicktime", "libx264"),
        ("a.m4v", ["mov"], "m4v", "video/mp4", "libx264"),
        ("a.b.mkv", ["matroska", "webm"], "mkv", "video/x-matroska", "libx264"),
        ("a.webm", ["matroska", "webm"], "webm", "video/webm", "libvpx-vp9"),
        ("a.avi", ["avi"], "mp4", "video/mp4", "libx264"),
        ("a.gif", ["gif"], "mp4", "video/mp4", "libx264"),
        ("clip", ["matroska", "webm"], "mkv", "video/x-matroska", "libx264"),
        ("", ["mpegts"], "mp4", "video/mp4", "libx264"),
    ],
)
def test_the_name_chooses_the_container(
    name: str, formats: list[str], extension: str, content_type: str, encoder: str
) -> None:
    graph = planned(name, formats=formats)
    assert (graph.extension, graph.content_type, graph.video.encoder) == (extension, content_type, encoder)


def test_eight_bits_get_levels_and_more_bits_are_left_their_levels() -> None:
    assert "normalize" in filters(planned())
    for deep in (video(bit_depth=10), video(bit_depth=10, color_transfer="smpte2084")):
        graph = planned(video=deep)
        assert "normalize" not in filters(graph)
        assert (graph.video.encoder, graph.video.pixel_format, graph.video.tag) == (
            "libx265",
            "yuv420p10le",
            "hvc1",
        )
    assert planned("a.mkv", video=video(bit_depth=10)).video.tag is None
    assert planned("a.webm", video=video(bit_depth=10)).video.pixel_format == "yuv420p10le"


def test_only_interlaced_video_is_deinterlaced() -> None:
    assert filters(planned(video=video(interlaced=True)))[0] == "bwdif"
    assert "bwdif" not in filters(planned())


def test_odd_sizes_grow_by_an_edge_unless_the_codec_takes_them() -> None:
    graph = planned(video=video(width=321, height=181, rotation=90))
    assert isinstance(graph.input, Filter)
    steps = {step.name: step.options for step in graph.input.steps}
    assert steps["fillborders"]["mode"] == "smear"
    [pad] = [
        step.options
        for step in graph.input.steps
        if step.name == "pad" and isinstance(step.options["w"], int)
    ]
    assert (pad["w"], pad["h"]) == (182, 322)
    assert "fillborders" not in filters(planned("a.webm", video=video(width=321)))


@pytest.mark.parametrize(
    ("name", "codec", "encoder"),
    [
        ("a.mp4", "aac", "copy"),
        ("a.mp4", "opus", "copy"),
        ("a.mp4", "flac", "aac"),
        ("a.mp4", "pcm_s16le", "aac"),
        ("a.mov", "pcm_s24le", "copy"),
        ("a.mov", "vorbis", "aac"),
        ("a.mkv", "flac", "copy"),
        ("a.mkv", "wmav2", "aac"),
        ("a.webm", "opus", "copy"),
        ("a.webm", "aac", "libopus"),
        ("a.avi", "mp3", "copy"),
    ],
)
def test_sound_is_copied_where_the_container_holds_it(name: str, codec: str, encoder: str) -> None:
    assert [a.encoder for a in planned(name, audio=[audio(1, codec)]).audio] == [encoder]


def test_what_cannot_be_kept_is_noted() -> None:
    graph = planned(
        video=video(alpha=True),
        pictures=1,
        extra_videos=2,
        audio=[audio(1), audio(2, "unknown", channels=0)],
        subtitles=[subtitle(3, "dvd_subtitle", text=False), subtitle(4, "ass")],
    )
    assert graph.notes == [
        "The cover picture was not kept.",
        "2 further video tracks could not be kept.",
        "Transparency was not kept.",
        "1 sound track of an unknown kind could not be kept.",
        "1 subtitle track cannot be stored in MP4.",
    ]
    assert [(s.index, s.encoder) for s in graph.subtitles] == [(4, "mov_text")]
    assert planned("a.mkv", subtitles=[subtitle(3, "dvd_subtitle", text=False)]).notes == []


@pytest.mark.parametrize(
    ("changes", "variable", "rate", "tick", "snaps"),
    [
        ({}, False, "25", "1/10000", False),
        ({"time_base": "1/1000", "nominal_rate": "30000/1001"}, False, "30000/1001", "1/30000", True),
        ({"time_base": "1/90000", "nominal_rate": "30000/1001"}, False, "30000/1001", "1/30000", False),
        ({"nominal_rate": "50/1", "interlaced": True}, False, "25", "1/10000", False),
        ({"variable_rate": True, "frame_rate": "18/1"}, True, "18", "1/12800", False),
        ({"variable_rate": True, "time_base": "1/100"}, True, "25", "1/100", False),
        ({"nominal_rate": "90000/1"}, True, "25", "1/12800", False),
        ({"nominal_rate": "0/1", "frame_rate": "0/1"}, True, "1", "1/12800", False),
    ],
)
def test_the_rhythm_is_kept(
    changes: dict[str, Any], variable: bool, rate: str, tick: str, snaps: bool
) -> None:
    rhythm = rhythm_of(video(**changes))
    assert (rhythm.variable, rhythm.rate, rhythm.tick) == (variable, Fraction(rate), Fraction(tick))
    assert bool(rhythm.steps) is snaps
    planned(video=video(**changes))
