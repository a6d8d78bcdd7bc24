"""Graphs and what their command lines are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from libs.contracts.graph import (
    AudioEncoding,
    Node,
    Source,
    VideoEncoding,
)
from libs.contracts.media import ObjectRef
from libs.media.command import compile as compile_graph
from tests.media.building import REF, audio, info, output, source, video
from tests.media.test_command import LOCAL, NO_JUNK

OUT = Path("/scratch/out.mp4")
HEARD = info(audio=[audio(1, layout="stereo", language="kor")], start=0.0, video=video(start=0.0))
A = source(info=HEARD)
B = source(
    object=msgspec.structs.replace(REF, key="b", sha256="cd" * 32),
    info=info(audio=[audio(2, sample_rate=44100, channels=1)], start=0.0, video=video(index=1, start=0.0)),
)
SILENT = source(object=msgspec.structs.replace(REF, key="c", sha256="ef" * 32))
MUSIC = source(
    object=msgspec.structs.replace(REF, key="d", sha256="01" * 32),
    info=info(formats=["mp3"], video=None, audio=[audio(0, "mp3", sample_rate=44100)]),
)
WORDS = ObjectRef(key="words", size=100, sha256="23" * 32)
INPUTS: dict[str, str | Path] = {REF.key: "/a", "b": "/b", "c": "/c", "d": "/d", WORDS.sha256: "/it's.ass"}
AAC = [AudioEncoding(index=1, encoder="aac")]
BARE = output(A, video=VideoEncoding(encoder="libx264"), audio=AAC)
READY = "aresample=48000:async=1:first_pts=0:min_hard_comp=0.02"


def part(node: Source, start: float | None, end: float | None) -> Source:
    return msgspec.structs.replace(node, start=start, end=end)


def command(node: Node, **changes: Any) -> list[str]:
    return compile_graph(msgspec.structs.replace(BARE, input=node, **changes), INPUTS, OUT)


def opened(path: str, *cut: str) -> list[str]:
    return [*LOCAL, *cut, "-threads", "0", "-i", f"file:{path}"]


def written(*maps: str, **changes: str) -> list[str]:
    options = {"-c:a:0": "aac", "-c:v": "libx264", "-fps_mode:v": "vfr", "-max_muxing_queue_size": "4096"}
    options |= {f"-{name.replace('__', ':')}": value for name, value in changes.items()}
    junk = list(zip(NO_JUNK[::2], NO_JUNK[1::2], strict=True))
    rest = [("-movflags", "+faststart"), ("-threads", "0")]
    pairs = sorted([*options.items(), *junk, *rest])
    return [
        *[text for each in maps for text in ("-map", each)],
        *["-f", "mp4"],
        *[text for pair in pairs for text in pair],
        "file:/scratch/out.mp4",
    ]


def graph_of(argv: list[str]) -> list[str]:
    return argv[argv.index("-filter_complex") + 1].split(";")


def inputs_of(argv: list[str]) -> list[str]:
    return [argv[i + 1] for i, text in enumerate(argv) if text == "-i"]


CUT = {"map_chapters": "-1", "metadata__s__a__0": "language=kor"}
TIMED = {"enc_time_base__v": "1/10000", "r__v": "25"}
