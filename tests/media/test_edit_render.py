"""How the editor's clips are written: containers, encoders, times of frames, and what is told of losses."""

from __future__ import annotations

from typing import Any

import pytest

from libs.media.codecs import VIDEO_ENCODERS
from libs.media.edit import Clip, concat, encode, trim
from tests.media.building import audio, info, subtitle, video
from tests.media.clips import OTHER, asked, clip, graph, tried


@pytest.mark.parametrize(
    ("name", "formats", "codec", "sound", "container", "encoders"),
    [
        ("a.mp4", ["mov"], "h264", "aac", "mp4", ("libx264", "aac")),
        ("a.mov", ["mov"], "hevc", "pcm_s24le", "mov", ("libx265", "pcm_s24le")),
        ("a.mov", ["mov"], "prores", "aac", "mov", ("prores_ks", "aac")),
        ("a.mkv", ["matroska"], "vp9", "flac", "matroska", ("libvpx-vp9", "flac")),
        ("a.webm", ["matroska", "webm"], "vp8", "vorbis", "webm", ("libvpx", "libvorbis")),
        ("a.avi", ["avi"], "mpeg4", "mp3", "avi", ("mpeg4", "libmp3lame")),
        ("a.avi", ["avi"], "indeo5", "mp3", "avi", ("mpeg4", "libmp3lame")),
        ("a.wmv", ["asf"], "vc1", "wmapro", "asf", ("wmv2", "wmav2")),
        ("a.wmv", ["asf"], "wmv3", "wmav2", "asf", ("wmv2", "wmav2")),
        ("a.flv", ["flv"], "vp6f", "mp3", "flv", ("libx264", "libmp3lame")),
        ("a.flv", ["flv"], "flv1", "nellymoser", "flv", ("flv", "nellymoser")),
        ("a.mpeg", ["mpeg"], "mpeg2video", "ac3", "vob", ("mpeg2video", "ac3")),
        ("a.3gp", ["mov"], "h263", "amr_nb", "3gp", ("h263", "aac")),
        ("a.ts", ["mpegts"], "h264", "aac_latm", "mpegts", ("libx264", "aac")),
        ("a.mkv", ["matroska"], "vc1", "dts", "matroska", ("libx264", "dca")),
        ("a.mp4", ["mov"], "av1", "opus", "mp4", ("libsvtav1", "libopus")),
        ("a.ogv", ["ogg"], "theora", "vorbis", "ogv", ("libtheora", "libvorbis")),
    ],
)
def test_what_must_be_encoded_stays_what_it_was(  # noqa: PLR0917 (pytest calls it by keyword)
    name: str, formats: list[str], codec: str, sound: str, container: str, encoders: tuple[str, str]
) -> None:
    made = clip(name, formats=formats, video=video(codec=codec), audio=[audio(codec=sound)])
    output = graph(trim(made, 1.0, 2.0))
    assert (output.keep, output.container) == (True, container)
    assert (output.video.encoder, *(each.encoder for each in output.audio)) == encoders
    same = VIDEO_ENCODERS[output.video.encoder].family == codec
    assert output.video.pixel_format == (None if same else "yuv420p")


def test_quality_is_higher_where_a_source_is_kept() -> None:
    kept, made = graph(trim(clip(), 1.0, 2.0)), graph(encode(clip(), asked(), tried(video_encoder="libx264")))
    assert (kept.video.options["crf"], made.video.options["crf"]) == (15, 19)


@pytest.mark.parametrize(
    ("name", "shown", "options"),
    [
        ("a.mp4", {}, {"enc_time_base": "1/10000", "r": "25/1"}),
        ("a.mkv", {"time_base": "1/1000"}, {"enc_time_base": "1/10000", "r": "25/1"}),
        ("a.mkv", {"time_base": "1/1000", "nominal_rate": "30000/1001", "frame_rate": "30000/1001"},
         {"enc_time_base": "1001/30000", "r": "30000/1001"}),
        ("a.mp4", {"variable_rate": True, "frame_rate": "18/1"},
         {"enc_time_base": "1/12800", "r": "18/1", "bf": 0}),
        ("a.mp4", {"codec": "mpeg4", "variable_rate": True, "time_base": "1/90000"},
         {"enc_time_base": "1/30000", "r": "25/1", "bf": 0}),
        ("a.mpeg", {"codec": "mpeg2video", "time_base": "1/90000"}, {"enc_time_base": "1/25", "r": "25/1"}),
        ("a.avi", {"variable_rate": True, "frame_rate": "18/1"},
         {"enc_time_base": "1/25", "r": "25/1", "bf": 0}),
        ("a.avi", {"variable_rate": True, "frame_rate": "18/1", "nominal_rate": "1000/1"},
         {"enc_time_base": "1/18", "r": "18/1", "bf": 0}),
        ("a.mp4", {"interlaced": True, "nominal_rate": "50/1"}, {"r": "25/1", "flags": "+ilme+ildct"}),
    ],
)  # fmt: skip
def test_frames_keep_their_times_where_they_can(
    name: str, shown: dict[str, Any], options: dict[str, Any]
) -> None:
    formats = {"mkv": ["matroska"], "avi": ["avi"], "mpeg": ["mpeg"]}.get(name[2:], ["mov"])
    found = graph(trim(clip(name, formats=formats, video=video(**shown)), 1.0, 2.0)).video.options
    assert options.items() <= found.items()
    assert ("bf" in found) == ("bf" in options or name == "a.mpeg")


def test_what_cannot_be_carried_is_told() -> None:
    rich = clip(
        video=video(alpha=True),
        pictures=1,
        extra_videos=2,
        audio=[audio(1), audio(2, "unknown", channels=0)],
        subtitles=[subtitle(3, "mov_text"), subtitle(4, "mov_text")],
    )
    notes = graph(concat([rich, rich, clip(ref=OTHER, subtitles=[subtitle(3, "mov_text")])])).notes
    assert notes == [
        "The cover picture was not kept.",
        "2 further video tracks could not be kept.",
        "Transparency was not kept.",
        "1 sound track of an unknown kind could not be kept.",
        "2 subtitle tracks could not be kept.",
        "1 subtitle track could not be kept.",
    ]
    assert graph(trim(clip(), 0.0, 1.0)).notes == []


def test_a_container_of_one_track_takes_one() -> None:
    made = encode(clip(audio=[audio(1), audio(2)]), asked(), tried(container="flv", video_encoder="libx264",
                                                                  video_family="h264"))  # fmt: skip
    output = graph(made)
    assert [each.index for each in output.audio] == [1]
    assert output.notes == ["1 further sound track could not be kept."]
    assert len(made.info.audio) == 1


def test_tracks_are_those_of_the_main_source_whatever_the_result_was_found_to_be() -> None:
    """After execution `info` is a probe of the result, whose streams are numbered otherwise."""
    made = trim(clip(audio=[audio(2), audio(5, "mp3")]), 1.0, 2.0)
    probed = Clip(made.node, info(audio=[audio(1), audio(2, "mp3")]), made.extension)
    assert [(each.index, each.encoder) for each in graph(probed).audio] == [(2, "aac"), (5, "libmp3lame")]
