"""Cuts at particular points: single frames, key frames, ends, rounded times, parts of parts."""

from __future__ import annotations

import msgspec
import pytest

from libs.contracts.graph import Trim
from tests.media.cut.film import Part
from tests.media.cut.test_truth_clips import check_thrift
from tests.media.cut.truth import Piece, Stage, check_edges, check_pictures, seek_is_right

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "start", "end", "frame"),
    [
        ("closed", 1.96, 2.0, 49),
        ("closed", 1.961, 2.001, 50),
        ("hevc-cra", None, 0.01, 0),
        ("edit-list", 4.24, 9.0, 106),
        ("ntsc-mkv", 0.334, 0.367, 10),
        ("one-frame", 0.0, 0.04, 0),
    ],
)
async def test_a_single_frame(stage: Stage, name: str, start: float | None, end: float, frame: int) -> None:
    seen = await stage.see(Piece(name, start, end), apart=False)
    assert [(part.first, part.stop) for part in seen.parts] == [(frame, frame + 1)]
    assert seen.method in ("smart", "copy"), seen.outcome.reason


@pytest.mark.parametrize("name", ["closed", "hevc-cra", "mkv", "ts", "vfr"])
async def test_all_of_a_clip_is_copied(stage: Stage, name: str) -> None:
    seen = await stage.see(Piece(name), apart=False)
    assert seen.method == "copy", seen.outcome.reason
    assert all(seen.same)


async def test_all_of_a_clip_whose_first_frames_are_not_shown(stage: Stage) -> None:
    check_thrift(await stage.see(Piece("edit-list")))


@pytest.mark.parametrize(("name", "method"), [("closed", "copy"), ("hevc", "copy"), ("hevc-cra", "smart")])
async def test_from_a_key_frame_to_another(stage: Stage, name: str, method: str) -> None:
    film = stage.film(name)
    first, last = (float(key - film.times[0]) for key in (film.keys[1], film.keys[2]))
    seen = await stage.see(Piece(name, first, last), apart=False)
    assert seen.method == method, seen.outcome.reason
    check_thrift(seen)


@pytest.mark.parametrize("name", ["hevc-cra", "long-gop"])
async def test_the_end_of_a_part_is_copied_too(stage: Stage, name: str) -> None:
    """Only what is left of the last mini-GOP is coded."""
    seen = await stage.see(Piece(name, None, 3.13))
    check_thrift(seen)
    assert seen.outcome.encoded_frames <= 4


async def test_neighbours_are_joined_again(stage: Stage) -> None:
    seen = await stage.see(Piece("closed", 0.5, 1.5), Piece("closed", 1.5, 2.5))
    assert seen.method == "smart"
    assert seen.outcome.encoded_frames <= 50


async def test_a_part_of_a_part_is_cut_in_the_clock_of_that_part(stage: Stage) -> None:
    """The part from 1.01 s begins with frame 26, at 1.04 s, and 0.5 s later there is frame 39."""
    graph = await stage.graph([Piece("closed", 1.01, 4.0)])
    nested = msgspec.structs.replace(graph, input=Trim(input=graph.input, start=0.5, end=1.5))
    outcome, path = await stage.cut(nested, [Piece("closed")])
    part = Part(stage.film("closed"), 39, 64)
    check_edges(outcome, [part])
    assert outcome.method == "smart", outcome.reason
    check_pictures(stage.look(path), [part])


async def test_a_graph_that_keeps_nothing_is_only_resolved(stage: Stage) -> None:
    graph = await stage.graph([Piece("closed", 1.01, 4.0)])
    outcome, path = await stage.cut(msgspec.structs.replace(graph, keep=False), [Piece("closed")])
    check_edges(outcome, [stage.part(Piece("closed", 1.01, 4.0))])
    assert (outcome.method, outcome.reason, path.exists()) == (None, "", False)


@pytest.mark.parametrize("name", ["closed", "hevc-cra"])
async def test_a_player_can_seek_in_it(stage: Stage, name: str) -> None:
    seen = await stage.see(Piece(name, 0.33, 2.9), Piece(name, 0.5, 3.1))
    assert seen.film is not None
    for frame in (5, 60, 70, len(seen.film.times) - 1):
        assert seek_is_right(seen, frame), frame


async def test_rotation_languages_and_the_fast_start_are_there(stage: Stage) -> None:
    for name in ("rotated", "two-tracks"):
        seen = await stage.see(Piece(name, 0.7, 3.1))
        assert seen.film is not None
        for before, after in zip(stage.film(name).streams, seen.film.streams, strict=True):
            assert _said(before) == _said(after)
        head = seen.film.path.read_bytes()
        assert head.index(b"moov") < head.index(b"mdat")


def _said(stream: dict[str, object]) -> dict[str, object]:
    """What players and users are told of a stream."""
    told = (
        "codec_name", "codec_tag_string", "profile", "width", "height", "pix_fmt", "level", "time_base",
        "sample_aspect_ratio", "r_frame_rate", "avg_frame_rate", "color_range", "color_space", "field_order",
        "sample_rate", "channels", "channel_layout", "side_data_list", "disposition",
    )  # fmt: skip
    tags = stream.get("tags", {})
    assert isinstance(tags, dict)
    return {name: stream.get(name) for name in told} | {"language": tags.get("language")}
