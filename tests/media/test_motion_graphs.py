"""What previews and clips are made of, and the command lines that make them."""

from __future__ import annotations

import re
from itertools import pairwise

import msgspec
import pytest

from libs.contracts.errors import MediaError
from libs.contracts.graph import Filter, Output, Rate, Source, Speed
from libs.contracts.media import MediaInfo
from libs.media.command import compile as compile_graph
from libs.media.graph import canonical, validate
from libs.media.motion import clip_graph, clip_rate, presentation_us, preview_graph
from libs.media.walk import nodes
from tests.media.building import REF, audio, info, output, video
from tests.media.commanding import OUT, graph_of

HD = video(width=1920, height=1080, display_width=1920, display_height=1080)
AUDIBLE = info(start=0.0, audio=[audio(1)], video=video(start=0.0))
UNSTEADY = info(start=0.0, video=video(start=0.0, variable_rate=True, nominal_rate="60/1"))


def steps(graph: Output) -> dict[str, dict[str, object]]:
    """Options of the filters, by name."""
    return {
        step.name: dict(step.options)
        for node in nodes(graph.input)
        if isinstance(node, Filter)
        for step in node.steps
    }


def command(graph: Output) -> list[str]:
    return compile_graph(graph, {REF.key: "/in.mp4"}, OUT)


def clip(of: MediaInfo, start: float = 2.0, end: float = 4.0, speed: float = 1.0) -> Output:
    graph = clip_graph(REF, of, start, end, speed)
    validate(graph)
    return graph


@pytest.mark.parametrize(
    ("shown", "preview", "clipped"),
    [
        ((1920, 1080), (1280, 720), (1920, 1080)),
        ((1080, 1920), (404, 720), (1080, 1920)),
        ((7680, 4320), (1280, 720), (3840, 2160)),
        ((2160, 7680), (202, 720), (1080, 3840)),
        ((1279, 719), (1278, 718), (1278, 718)),
        ((1281, 100), (1280, 100), (1280, 100)),
        ((8000, 3), (1280, 2), (3840, 2)),
        ((3, 1), (2, 2), (2, 2)),
    ],
)
def test_sizes_are_even_and_fit(
    shown: tuple[int, int], preview: tuple[int, int], clipped: tuple[int, int]
) -> None:
    # twice as wide as stored: whatever comes out is scaled
    odd = video(width=1, height=shown[1], display_width=shown[0], display_height=shown[1])
    for graph, expected in ((preview_graph(REF, info(video=odd)), preview), (clip(info(video=odd)), clipped)):
        found = steps(graph)["scale"]
        assert (found["w"], found["h"]) == expected


def test_pictures_that_are_right_are_not_touched() -> None:
    small = info(video=video(color_space="bt709"))
    assert list(steps(clip(small))) == ["setsar", "format", "setparams"]
    assert steps(clip(small))["setparams"] == {"range": "tv", "colorspace": "bt709"}
    assert "bwdif" in steps(clip(info(video=video(interlaced=True))))
    assert "premultiply" in steps(clip(info(video=video(pixel_format="yuva420p", alpha=True))))
    assert "tonemap" in steps(preview_graph(REF, info(video=video(color_transfer="arib-std-b67"))))


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({}, "25"),
        ({"frame_rate": "30000/1001", "nominal_rate": "30000/1001"}, "30000/1001"),
        ({"frame_rate": "240/1", "nominal_rate": "240/1"}, "60"),
        ({"frame_rate": "29/1", "nominal_rate": "90000/1", "variable_rate": True}, "60"),
        ({"frame_rate": "29/1", "nominal_rate": "30/1", "variable_rate": True}, "30"),
        ({"frame_rate": "25/1", "nominal_rate": "50/1", "interlaced": True}, "25"),
        ({"frame_rate": "1/2", "nominal_rate": "1/2"}, "1"),
        ({"frame_rate": "0/1", "nominal_rate": "0/1"}, "30"),
    ],
)
def test_a_clip_has_the_rate_of_its_source(changes: dict[str, object], rate: str) -> None:
    assert str(clip_rate(video(**changes))) == rate
    clip(info(video=video(**changes)))


def test_only_frames_that_stay_are_worked_on() -> None:
    large = info(video=HD)
    assert isinstance(clip(large, speed=4.0).input, Filter)
    assert isinstance(clip(large, speed=1.0).input, Filter)
    kinds = [type(node) for node in nodes(clip(large, speed=0.5).input)]
    assert kinds == [Rate, Speed, Filter, Source]


def test_sound_is_one_stereo_track() -> None:
    tracks = [audio(1, channels=6), audio(2, default=True, channels=1), audio(3, codec="unknown")]
    [preview] = preview_graph(REF, info(audio=tracks)).audio
    [clipped] = clip(info(audio=tracks[:1])).audio
    assert (preview.index, preview.options) == (2, {"b": "128k", "ar": 48000, "ac": 1})
    assert (clipped.index, clipped.options["ac"]) == (1, 2)
    assert preview_graph(REF, info(audio=tracks[2:])).audio == []


def test_without_a_video_there_is_nothing_to_make() -> None:
    with pytest.raises(MediaError):
        preview_graph(REF, info(video=None))
    with pytest.raises(MediaError):
        clip_graph(REF, info(video=None), 0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("start", "cover", "speed", "expected"),
    [(1.0, 2.5, 1.0, 1_500_000), (1.0, 2.5, 4.0, 375_000), (0.1, 0.4, 0.25, 1_200_000), (2.0, 1.99, 1.0, 0)],
)
def test_when_a_clip_shows_the_cover(start: float, cover: float, speed: float, expected: int) -> None:
    assert presentation_us(start, cover, speed) == expected


@pytest.mark.parametrize(
    ("rate", "end", "speed", "last"),
    [("25/1", 4.0, 1.0, 1_960_000), ("25/1", 4.0, 4.0, 480_000), ("25/1", 2.001, 1.0, 0),
     ("30000/1001", 3.0, 1.0, 967_633), ("1/2", 3.4, 1.0, 0), ("1/2", 3.6, 0.5, 2_000_000)],
)  # fmt: skip
def test_a_clip_shows_the_cover_while_it_lasts(rate: str, end: float, speed: float, last: int) -> None:
    """The last frame of the clip stands for what comes after it."""
    graph = clip(info(video=video(frame_rate=rate, nominal_rate=rate)), 2.0, end, speed)
    assert presentation_us(2.0, end, speed, graph) == last
    assert presentation_us(2.0, 2.0, speed, graph) == 0


def test_nothing_is_told_of_the_source() -> None:
    argv = command(preview_graph(REF, AUDIBLE))
    for option in ("-map_metadata", "-map_chapters"):
        assert argv[argv.index(option) + 1] == "-1"
    assert not [text for text in argv if text.startswith("-metadata")]


def test_the_command_of_a_preview() -> None:
    argv = command(preview_graph(REF, AUDIBLE))
    told = dict(pairwise(argv))
    assert told.items() >= {"-profile:v": "baseline", "-level:v": "3.1", "-r:v": "30", "-g:v": "30",
                            "-pix_fmt:v": "yuv420p", "-c:v": "libx264", "-c:a:0": "aac", "-b:a:0": "128k",
                            "-movflags": "+faststart"}.items()  # fmt: skip


@pytest.mark.parametrize("of", [AUDIBLE, UNSTEADY])
@pytest.mark.parametrize("start", [2.03, 2.04])
def test_a_clip_begins_with_the_frame_before_whatever_the_container_claims(
    of: MediaInfo, start: float
) -> None:
    """Decoded from the key frame on; `fps` leaves out all but the last one before the start."""
    argv = command(clip(of, start, start + 2))
    pictures = graph_of(argv)
    assert argv[argv.index("-ss") + 1] == f"{start - 0.1:g}"
    assert "-noaccurate_seek" in argv
    assert "-t" not in argv
    assert re.match(r"\[0:0]trim=end=2\.\d+\[s0]$", pictures[0])
    assert "setpts=PTS-100000" in pictures[2]
    assert any(":round=up:start_time=0" in each for each in pictures)
    assert any("atrim=end=2.1:start=0.1" in each for each in pictures) == bool(of.audio)


def test_a_clip_from_the_start_has_nothing_before_it() -> None:
    argv = command(clip(AUDIBLE, 0.0, 2.0))
    assert "-ss" not in argv
    assert argv[argv.index("-t") + 1] == "2.1"
    assert not any("start_time" in each for each in graph_of(argv))


def test_names_of_other_work_stay_what_they_were() -> None:
    plain = output()
    assert b"bare" not in canonical(plain)
    assert canonical(msgspec.structs.replace(plain, bare=True)) != canonical(plain)
