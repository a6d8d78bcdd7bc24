"""What a graph may hold, and when two graphs are the same work."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Concat,
    Fit,
    Loudness,
    LoudnessMeasure,
    Node,
    Overlay,
    Rate,
    Sound,
    Speed,
    SubtitleEncoding,
    Subtitles,
    Trim,
    VideoEncoding,
)
from libs.media.command import compile as compile_graph
from libs.media.filters import FILTERS
from libs.media.graph import validate
from tests.media.building import REF, audio, filtered, info, output, source, step, subtitle

UNSHARP = step("unsharp", luma_amount=0.5)
MOVED = msgspec.structs.replace(REF, key="elsewhere/in.mp4")
OTHER = msgspec.structs.replace(REF, sha256="cd" * 32)


MUSIC = source(info=info(video=None, audio=[audio(0, "mp3")]), object=OTHER)
HEARD = source(info=info(audio=[audio(1)], subtitles=[subtitle(2, "subrip")]))
SUBTITLED = [SubtitleEncoding(index=2, encoder="copy")]
MIX = AudioMix(input=source(), sounds=[Sound(input=MUSIC)])
ODD = LoudnessMeasure(integrated=-20.0, true_peak=-1.0, range=3.0, threshold=1.0, offset=0.0)


def nested(depth: int, steps: int = 1) -> Node:
    node: Node = source()
    for _ in range(depth):
        node = filtered(*[UNSHARP] * steps, of=node)
    return node


def part(node: Node) -> Trim:
    return Trim(input=node, start=1.0, end=2.5)


INVALID: list[tuple[str, dict[str, Any]]] = [
    ("filter", {"node": filtered(step("movie", filename="/etc/passwd"))}),
    ("option", {"node": filtered(step("unsharp", luma="0.5"))}),
    ("a number", {"node": filtered(step("unsharp", luma_amount="0.5[x];movie=/etc/passwd"))}),
    ("a number", {"node": filtered(step("eq", saturation=float("nan")))}),
    ("a word", {"node": filtered(step("bwdif", mode="send_frame,movie=x"))}),
    ("an expression", {"node": filtered(step("setpts", expr="PTS\n"))}),
    ("negative", {"node": source(start=-1.0)}),
    ("negative", {"node": source(end=float("inf"))}),
    ("after the start", {"node": source(start=3.0, end=3.0)}),
    ("past the end", {"node": source(start=10.0)}),
    ("only sound", {"node": source(info=info(video=None))}),
    ("too complex", {"node": nested(70)}),
    ("too complex", {"node": filtered(*[UNSHARP] * 65)}),
    ("too complex", {"node": nested(60, steps=40)}),
    ("too complex", {"node": Concat(inputs=[source(end=1.0)] * 513)}),
    ("too complex", {"node": Concat(inputs=[Speed(input=source(), factor=2.0)] * 1024)}),
    ("container", {"container": "tee"}),
    ("encoder", {"video": VideoEncoding(encoder="libx264 -f tee")}),
    ("encoder", {"audio": [AudioEncoding(index=1, encoder="aac:0")], "node": HEARD}),
    ("encoder", {"subtitles": [SubtitleEncoding(index=2, encoder="libx264")], "node": HEARD}),
    ("pixel format", {"video": VideoEncoding(encoder="libx264", pixel_format="yuv420p -y /x")}),
    ("malformed", {"video": VideoEncoding(encoder="libx264", pixel_format="yuv420p", options={"crf 1": 1})}),
    (
        "malformed",
        {"video": VideoEncoding(encoder="libx264", pixel_format="yuv420p", options={"crf": "1 -i x"})},
    ),
    (
        "cannot be copied",
        {"node": filtered(UNSHARP), "video": VideoEncoding(encoder="copy", pixel_format="yuv420p")},
    ),
    ("audio streams", {"audio": [AudioEncoding(index=7, encoder="copy")]}),
    ("negative", {"node": Trim(input=source(), start=-0.5)}),
    ("after the start", {"node": Trim(input=source(), start=2.0, end=2.0)}),
    ("nothing to join", {"node": Concat(inputs=[])}),
    ("only sound", {"node": Concat(inputs=[source(), MUSIC])}),
    ("even numbers", {"node": Fit(input=source(), width=641, height=360)}),
    ("even numbers", {"node": Fit(input=source(), width=640, height=8194)}),
    ("even numbers", {"node": Fit(input=source(), width=14, height=360)}),
    ("one of: pad, crop, blur", {"node": Fit(input=source(), width=640, height=360, mode="stretch")}),
    ("frame rate", {"node": Rate(input=source(), rate="0")}),
    ("frame rate", {"node": Rate(input=source(), rate="1/0")}),
    ("frame rate", {"node": Rate(input=source(), rate="241")}),
    ("frame rate", {"node": Rate(input=source(), rate="25:round=up")}),
    ("speed", {"node": Speed(input=source(), factor=0.05)}),
    ("speed", {"node": Speed(input=source(), factor=float("nan"))}),
    ("after the start", {"node": Overlay(input=source(), layer=source(), start=2.0, end=1.0)}),
    ("Positions", {"node": Overlay(input=source(), layer=source(), x=9000)}),
    ("only sound", {"node": Overlay(input=source(), layer=MUSIC)}),
    ("subtitle file", {"node": Subtitles(input=source(), file=msgspec.structs.replace(REF, size=1 << 30))}),
    ("The gain must be between -60 and 30 dB", {"node": AudioMix(input=source(), sounds=[], gain=31.0)}),
    ("gain", {"node": AudioMix(input=source(), sounds=[Sound(input=MUSIC, gain=float("inf"))])}),
    ("negative", {"node": AudioMix(input=source(), sounds=[Sound(input=MUSIC, start=-1.0)])}),
    ("no sound", {"node": AudioMix(input=source(), sounds=[Sound(input=source())])}),
    ("one track", {"node": MIX, "audio": [AudioEncoding(index=i, encoder="aac") for i in (0, 1)]}),
    ("loudness", {"node": Loudness(input=source(), target=-4.0)}),
    ("true peak", {"node": Loudness(input=source(), true_peak=0.5)}),
    ("measured threshold", {"node": Loudness(input=source(), measured=ODD)}),
    ("real encoders", {"node": HEARD, "keep": True, "audio": [AudioEncoding(index=1, encoder="copy")]}),
    ("cut and joined", {"node": Speed(input=source(), factor=2.0), "keep": True}),
    ("Sound that is cut", {"node": part(HEARD), "audio": [AudioEncoding(index=1, encoder="copy")]}),
    ("Subtitle tracks", {"node": Concat(inputs=[HEARD, HEARD]), "subtitles": SUBTITLED}),
    ("Subtitle tracks", {"node": Speed(input=HEARD, factor=2.0), "subtitles": SUBTITLED}),
]

VALID: list[dict[str, Any]] = [
    {"node": part(Concat(inputs=[part(HEARD), source()])), "keep": True},
    {"node": Concat(inputs=[part(HEARD)]), "subtitles": SUBTITLED},
    {"node": MIX, "audio": [AudioEncoding(index=0, encoder="libmp3lame")]},
    {"node": AudioMix(input=MIX, sounds=[Sound(input=part(MUSIC), start=1.5, gain=-60.0)], gain=None)},
    {"node": Rate(input=Fit(input=HEARD, width=16, height=8192, mode="blur"), rate="240")},
    {
        "node": Loudness(input=Speed(input=HEARD, factor=10.0)),
        "audio": [AudioEncoding(index=1, encoder="flac")],
    },
    {"node": Subtitles(input=Overlay(input=HEARD, layer=source(), x=-50), file=REF)},
    {"node": part(source()), "video": VideoEncoding(encoder="copy")},
    {"video": VideoEncoding(encoder="libsvtav1")},
]


@pytest.mark.parametrize(("words", "changes"), INVALID)
def test_nonsense_is_refused_in_words(words: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=words):
        validate(output(**changes))


@pytest.mark.parametrize("changes", VALID)
def test_sense_is_accepted(changes: dict[str, Any]) -> None:
    validate(output(**changes))


def test_a_sound_graph_is_accepted() -> None:
    validate(output(filtered(UNSHARP, of=source(start=1.0, end=2.5))))


def test_no_filter_on_the_list_opens_anything() -> None:
    for options in FILTERS.values():
        assert not {"filename", "file", "source", "path", "url"} & set(options)


HOSTILE = (
    "PTS;[x]movie=/etc/passwd[y]",
    "PTS'\\:,[in]",
    "0,movie=/etc/passwd",
    "0:strip_fps=1",
    "0\\\\,null",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_an_expression_stays_one_option(text: str) -> None:
    argv = compile_graph(output(filtered(step("setpts", expr=text))), {REF.key: "/in.mp4"}, Path("/out.mp4"))
    chain = argv[argv.index("-filter_complex") + 1].replace("[0:0]", "[0:v]")
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "color=d=0.1",
        "-filter_complex",
        chain,
    ]
    tried = subprocess.run([*command, "-map", "[s0]", "-f", "null", "-"], capture_output=True, check=False)
    assert b"setpts" in tried.stderr
    assert b"evaluating expression" in tried.stderr or b"parsing expression" in tried.stderr
    assert b"movie @" not in tried.stderr


@pytest.mark.parametrize("text", ["PTS", "if(gt(N,2),PTS,PTS)"])
def test_a_good_expression_arrives(text: str) -> None:
    argv = compile_graph(output(filtered(step("setpts", expr=text))), {REF.key: "/in.mp4"}, Path("/out.mp4"))
    chain = argv[argv.index("-filter_complex") + 1].replace("[0:0]", "[0:v]")
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "color=d=0.1",
        "-filter_complex",
        chain,
    ]
    assert subprocess.run([*command, "-map", "[s0]", "-f", "null", "-"], check=False).returncode == 0
