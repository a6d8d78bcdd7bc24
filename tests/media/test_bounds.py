"""Files that claim too much are refused or cut short before anything believes them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from libs.contracts.errors import MediaError
from libs.media.bounds import MAX_FRAMES, MAX_TRACKS, bounded
from libs.media.probe import parse_probe


def video(**claims: Any) -> dict[str, Any]:
    return {"codec_type": "video", "codec_name": "h264", "index": 0, "width": 320, "height": 240, **claims}


def probe(*streams: dict[str, Any]) -> dict[str, Any]:
    return {"format": {"format_name": "matroska,webm"}, "streams": list(streams)}


def test_frames_that_are_too_large() -> None:
    with pytest.raises(MediaError, match="too large: 16000 x 16000"):
        parse_probe(probe(video(width=16000, height=16000)), 100)
    assert parse_probe(probe(video(width=7680, height=4320)), 100).video is not None


def test_frames_that_are_shown_too_large() -> None:
    """As wide as their pixels make them."""
    wide = video(width=8192, height=8192, sample_aspect_ratio="7:1")
    with pytest.raises(MediaError, match="too large: 57344 x 8192"):
        parse_probe(probe(wide), 100)
    with pytest.raises(MediaError, match="too large: 8192 x 57344"):
        parse_probe(probe({**wide, "side_data_list": [{"rotation": -90}]}), 100)
    assert parse_probe(probe(video(sample_aspect_ratio="100:1")), 100).video is not None
    assert parse_probe(probe(video(sample_aspect_ratio="1:1000")), 100).video is not None


@pytest.mark.parametrize(
    "claims",
    [
        {"nb_frames": str(MAX_FRAMES + 1)},
        {"avg_frame_rate": "1000000/1", "duration": "100"},
        {"avg_frame_rate": "60/1", "tags": {"DURATION": "99:00:00"}},
    ],
)
def test_more_frames_than_anybody_films(claims: dict[str, Any]) -> None:
    with pytest.raises(MediaError, match="too many frames"):
        parse_probe(probe(video(**claims)), 100)


@pytest.mark.parametrize("text", ["nan:nan:nan", "1e400:0:0", "::", "inf:0:0"])
def test_durations_that_are_no_numbers(text: str) -> None:
    info = parse_probe(probe(video(tags={"DURATION": text})), 100)
    assert info.video is not None
    assert info.video.duration is None
    msgspec.json.encode(info)


def test_a_thousand_tracks_with_endless_names_stay_small() -> None:
    tracks = [
        {"codec_type": "audio", "codec_name": "aac", "index": number, "tags": {"language": "x" * 10_000}}
        for number in range(1000)
    ]
    info = parse_probe(bounded(probe(video(), *tracks)), 100)
    assert len(info.audio) == MAX_TRACKS
    assert len(msgspec.json.encode(info)) < 40_000


def test_texts_and_lists_of_a_probe_are_cut() -> None:
    cut = bounded({"tags": {"k" * 9999: "v" * 9999}, "streams": [1] * 9999, "n": 5})
    assert len(msgspec.json.encode(cut)) < 1500
    assert cut["n"] == 5
