"""The whole command line of a graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import AudioEncoding, SubtitleEncoding, VideoEncoding
from libs.media.command import compile as compile_graph
from libs.media.inputs import FORMATS
from tests.media.building import REF, audio, filtered, info, output, source, step, subtitle, video

GLOBAL = ["-y", "-abort_on", "empty_output", "-max_error_rate", "1"]
LOCAL = ["-format_whitelist", ",".join(FORMATS), "-protocol_whitelist", "file"]
TAGS = ["major_brand", "minor_version", "compatible_brands", "encoder"]
NO_JUNK = [text for i, tag in enumerate(TAGS) for text in (f"-metadata:g:{i}", f"{tag}=")]
OUT = Path("/scratch/out.mp4")


def test_a_filtered_video_with_sound_and_subtitles() -> None:
    whole = info(video=video(index=2), audio=[audio(0), audio(1, "flac")], subtitles=[subtitle(3, "subrip")])
    graph = output(
        filtered(
            step("unsharp", luma_amount=0.5), step("setpts", expr="if(gt(N,1),PTS,0)"), of=source(info=whole)
        ),
        video=VideoEncoding(
            encoder="libx265", pixel_format="yuv420p10le", options={"crf": 20, "r": "25/1"}, tag="hvc1"
        ),
        audio=[
            AudioEncoding(index=0, encoder="copy"),
            AudioEncoding(index=1, encoder="aac", options={"b": "160k"}),
        ],
        subtitles=[SubtitleEncoding(index=3, encoder="mov_text")],
    )
    chain = "[0:2]unsharp=luma_amount=0.5[s0];[s0]setpts=expr=if(gt(N\\,1)\\,PTS\\,0)[s1]"
    assert compile_graph(graph, {REF.key: Path("/scratch/in.mp4")}, OUT, threads=2) == [
        *GLOBAL, "-filter_complex_threads", "2",
        *LOCAL, "-threads", "2", "-i", "file:/scratch/in.mp4",
        "-filter_complex", chain,
        "-map", "[s1]", "-map", "0:0", "-map", "0:1", "-map", "0:3",
        "-f", "mp4",
        "-b:a:1", "160k", "-c:a:0", "copy", "-c:a:1", "aac", "-c:s:0", "mov_text", "-c:v", "libx265",
        "-crf:v", "20", "-fps_mode:v", "vfr", "-max_muxing_queue_size", "4096",
        *NO_JUNK,
        "-movflags", "+faststart", "-pix_fmt:v", "yuv420p10le", "-r:v", "25/1", "-tag:v", "hvc1",
        "-threads", "2",
        "-x265-params:v", "pools=2",
        "file:/scratch/out.mp4",
    ]  # fmt: skip


def test_a_cut_that_is_copied_from_a_url() -> None:
    graph = output(
        source(start=1.25, end=3.0, info=info(audio=[audio(1)])),
        container="matroska",
        video=VideoEncoding(encoder="copy", pixel_format="yuv420p"),
        audio=[AudioEncoding(index=1, encoder="copy")],
    )
    url = "https://storage/media/a?X-Amz-Signature=1"
    assert compile_graph(graph, {REF.sha256: url}, Path("/scratch/out.mkv")) == [
        *GLOBAL,
        "-format_whitelist", ",".join(FORMATS), "-protocol_whitelist", "http,https,tcp,tls",
        "-reconnect", "1", "-reconnect_delay_max", "4", "-reconnect_on_network_error", "1",
        "-rw_timeout", "30000000", "-ss", "1.250000", "-t", "1.750000", "-threads", "0", "-i", url,
        "-map", "0:0", "-map", "0:1",
        "-f", "matroska",
        "-c:a:0", "copy", "-c:v", "copy", "-max_muxing_queue_size", "4096", *NO_JUNK, "-threads", "0",
        "file:/scratch/out.mkv",
    ]  # fmt: skip


def test_noops_leave_no_trace() -> None:
    graph = output(filtered(of=filtered(step("null"))))
    assert "-filter_complex" not in compile_graph(graph, {REF.key: "/in.mp4"}, OUT)


def test_a_source_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInputError, match="not provided"):
        compile_graph(output(), {}, OUT)
