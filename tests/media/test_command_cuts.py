"""The command line of cuts and joins, word for word."""

from __future__ import annotations

import msgspec
import pytest

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    Concat,
    Node,
    Rate,
    SubtitleEncoding,
    Trim,
)
from tests.media.building import filtered, info, source, step, subtitle, video
from tests.media.commanding import (
    CUT,
    HEARD,
    READY,
    SILENT,
    TIMED,
    A,
    B,
    command,
    graph_of,
    opened,
    part,
    written,
)
from tests.media.test_command import GLOBAL


def test_a_cut() -> None:
    assert command(part(A, 1.0, 3.0)) == [
        *GLOBAL,
        *opened("/a", "-ss", "0.9", "-t", "2.2"),
        "-filter_complex",
        "[0:0]trim=end=2.098:start=0.098[s0];[s0]setpts=PTS-STARTPTS[s1];"
        "[0:1]atrim=end=2.1:start=0.1[s2];[s2]asetpts=PTS-0.1/TB[s3];"
        f"[s3]{READY}[s4];[s4]aformat=channel_layouts=stereo[s5];"
        "[s5]apad=whole_len=96000[s6];[s6]atrim=end_sample=96000[s7]",
        *written("[s1]", "[s7]", **CUT, **TIMED),
    ]


def test_a_cut_counts_from_the_first_picture_not_from_the_start_of_the_file() -> None:
    late = msgspec.structs.replace(HEARD, start=1.4, video=video(start=1.48))
    cut = command(part(source(info=late), 1.0, 3.0))
    assert cut[cut.index("-ss") : cut.index("-threads")] == ["-ss", "0.98", "-t", "2.2"]
    begin = command(part(source(info=late), None, 3.0))
    assert begin[begin.index("-t") : begin.index("-threads")] == ["-t", "3.18"]
    assert "-ss" not in begin
    assert graph_of(begin)[:3] == [
        "[0:0]setpts=PTS-STARTPTS[s0]",
        "[s0]trim=end=2.998[s1]",
        "[0:1]atrim=end=3.08:start=0.08[s2]",
    ]


@pytest.mark.parametrize(
    ("formats", "start", "seek"),
    [
        (["mov", "mp4"], 200.0, ["-ss", "199.9", "-t", "2.2"]),
        (["mpegts"], 200.0, ["-ss", "140", "-t", "62.1"]),
        (["mpegts"], 50.0, ["-t", "52.1"]),
        (["avi"], 200.0, ["-t", "202.1"]),
    ],
)
def test_how_far_ahead_reading_begins(formats: list[str], start: float, seek: list[str]) -> None:
    long = msgspec.structs.replace(HEARD, formats=formats, duration=1000.0)
    argv = command(part(source(info=long), start, start + 2), audio=[])
    assert argv[argv.index("-protocol_whitelist") + 2 : argv.index("-threads")] == seek


def test_parts_one_after_the_other() -> None:
    argv = command(Concat(inputs=[part(A, 1.0, 2.0), part(B, 0.0, 0.5), part(SILENT, 2.0, 3.0)]))
    assert argv == [
        *GLOBAL,
        *opened("/a", "-ss", "0.9", "-t", "1.2"),
        *opened("/b", "-t", "0.6"),
        *opened("/c", "-ss", "1.9", "-t", "1.2"),
        "-filter_complex",
        "[0:0]trim=end=1.098:start=0.098[s0];[s0]setpts=PTS-STARTPTS[s1];[s1]setsar=1/1[s2];"
        "[s2]settb=1/1000000[s3];"
        "[1:1]setpts=PTS-STARTPTS[s4];[s4]trim=end=0.498[s5];[s5]setsar=1/1[s6];[s6]settb=1/1000000[s7];"
        "[s7]setpts=PTS+1000000[s8];"
        "[2:0]trim=end=1.098:start=0.098[s9];[s9]setpts=PTS-STARTPTS[s10];[s10]setsar=1/1[s11];"
        "[s11]settb=1/1000000[s12];[s12]setpts=PTS+1500000[s13];"
        "[s3][s8][s13]interleave=n=3[s14];"
        "[0:1]atrim=end=1.1:start=0.1[s15];[s15]asetpts=PTS-0.1/TB[s16];"
        f"[s16]{READY}[s17];[s17]aformat=channel_layouts=stereo[s18];"
        "[s18]apad=whole_len=48000[s19];[s19]atrim=end_sample=48000[s20];"
        f"[1:2]atrim=end=0.5[s21];[s21]{READY}[s22];[s22]aformat=channel_layouts=stereo[s23];"
        "[s23]apad=whole_len=24000[s24];[s24]atrim=end_sample=24000[s25];"
        "anullsrc=cl=stereo:r=48000[s26];[s26]atrim=end_sample=48000[s27];"
        "[s20][s25][s27]concat=a=1:n=3:v=0[s28];"
        "[s28]apad=whole_len=120000[s29];[s29]atrim=end_sample=120000[s30]",
        *written("[s14]", "[s30]", **CUT, enc_time_base__v="1/90000", r__v="25"),
    ]


def test_parts_of_other_shapes_are_fitted_into_the_first() -> None:
    other = info(video=video(width=321, height=180, rotation=90, sample_aspect="4:3", pixel_format="gray"))
    tall = source(object=SILENT.object, info=other)
    argv = command(Concat(inputs=[part(A, 0.0, 1.0), part(tall, 0.0, 1.0)]), audio=[])
    fit = [
        "scale=h=max(2\\,round(min(360\\,640/dar)/2)*2):w=max(2\\,round(min(640\\,360*dar)/2)*2)",
        "pad=h=360:w=640:x=(ow-iw)/2:y=(oh-ih)/2",
        "setsar=1",
        "format=yuv420p",
        "settb=1/1000000",
    ]
    found = [each.partition("]")[2].rpartition("[")[0] for each in graph_of(argv)]
    assert found == [
        *["setpts=PTS-STARTPTS", "trim=end=0.998", *fit],
        *["setpts=PTS-STARTPTS", "trim=end=0.998", *fit, "setpts=PTS+1000000"],
        "[s14]interleave=n=2",
    ]


def test_what_cannot_be_joined() -> None:
    with pytest.raises(InvalidInputError, match="lengths of the parts"):
        command(Concat(inputs=[A, B]))
    cropped = filtered(step("crop", w=100, h=100), of=part(A, 0.0, 1.0))
    with pytest.raises(InvalidInputError, match="unknown sizes"):
        command(Concat(inputs=[cropped, part(A, 0.0, 1.0)]))


def test_a_cut_after_a_change_of_rate() -> None:
    argv = command(Trim(input=Rate(input=A, rate="50"), start=0.5, end=1.5))
    assert graph_of(argv)[3:] == [
        "[s2]trim=end=1.498:start=0.498[s3]",
        "[s3]setpts=PTS-STARTPTS[s4]",
        f"[0:1]{READY}[s5]",
        "[s5]aformat=channel_layouts=stereo[s6]",
        "[s6]atrim=end=1.5:start=0.5[s7]",
        "[s7]asetpts=PTS-0.5/TB[s8]",
        f"[s8]{READY}[s9]",
        "[s9]aformat=channel_layouts=stereo[s10]",
        "[s10]apad=whole_len=48000[s11]",
        "[s11]atrim=end_sample=48000[s12]",
    ]


def test_subtitles_are_read_apart_where_frames_are_cut() -> None:
    told = msgspec.structs.replace(HEARD, subtitles=[subtitle(3, "subrip")])
    argv = command(
        part(source(info=told), 1.0, 3.0), subtitles=[SubtitleEncoding(index=3, encoder="mov_text")]
    )
    assert argv[argv.index("-filter_complex") - 10 : argv.index("-filter_complex")][2:] == [
        *["-ss", "1.000000", "-t", "2.000000", "-threads", "0", "-i", "file:/a"]
    ]
    assert "1:3" in argv


def test_many_inputs_have_one_thread_each() -> None:
    parts: list[Node] = [part(A, float(i % 8), i % 8 + 0.5) for i in range(20)]
    argv = command(Concat(inputs=parts))
    assert [argv[i + 1] for i, text in enumerate(argv) if text == "-threads"] == ["1"] * 20 + ["0"]
