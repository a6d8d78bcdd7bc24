"""What a graph may hold, and when two graphs are the same work."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import AudioEncoding, FilterStep, Node, VideoEncoding
from libs.contracts.tasks import MetadataTask, RenderTask
from libs.media.command import compile as compile_graph
from libs.media.filters import FILTERS
from libs.media.graph import canonical, fingerprint, validate
from libs.media.passes import simplify
from tests.media.building import REF, filtered, info, output, source, step

UNSHARP = step("unsharp", luma_amount=0.5)
MOVED = msgspec.structs.replace(REF, key="elsewhere/in.mp4")
OTHER = msgspec.structs.replace(REF, sha256="cd" * 32)


def nested(depth: int) -> Node:
    node: Node = source()
    for _ in range(depth):
        node = filtered(UNSHARP, of=node)
    return node


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
    ("container", {"container": "tee"}),
    ("encoder", {"video": VideoEncoding(encoder="rawvideo", pixel_format="yuv420p")}),
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
]


@pytest.mark.parametrize(("words", "changes"), INVALID)
def test_nonsense_is_refused_in_words(words: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=words):
        validate(output(**changes))


def test_a_sound_graph_is_accepted() -> None:
    validate(output(filtered(UNSHARP, of=source(start=1.0, end=2.5))))


def test_no_filter_on_the_list_opens_anything() -> None:
    for options in FILTERS.values():
        assert not {"filename", "file", "source", "path", "url"} & set(options)


def test_the_same_work_on_the_same_bytes_has_one_name() -> None:
    name = canonical(output(filtered(UNSHARP)))
    assert canonical(output(filtered(UNSHARP, of=source(object=MOVED)))) == name
    assert canonical(output(filtered(UNSHARP, of=source(info=info(duration=9.99))))) == name
    assert canonical(output(filtered(UNSHARP), notes=["Told to the user."])) == name
    assert canonical(output(filtered(UNSHARP, step("null"), of=filtered(of=source(start=0.0))))) == name


def test_other_work_has_another_name() -> None:
    graphs = [
        output(filtered(UNSHARP)),
        output(filtered(UNSHARP, of=source(object=OTHER))),
        output(filtered(UNSHARP, of=source(start=1.0))),
        output(filtered(UNSHARP, UNSHARP)),
        output(filtered(UNSHARP), container="mov"),
        output(filtered(UNSHARP), audio=[AudioEncoding(index=1, encoder="copy")]),
        output(filtered(step("unsharp", luma_amount=0.6))),
    ]
    assert len({canonical(graph) for graph in graphs}) == len(graphs)


def test_equal_numbers_and_the_order_of_options_do_not_count() -> None:
    one = filtered(step("unsharp", luma_amount=1, luma_msize_x=5))
    other = filtered(step("unsharp", luma_msize_x=5, luma_amount=1.0))
    assert canonical(output(one)) == canonical(output(other))


def test_a_fingerprint_is_of_the_task_its_source_and_the_engine() -> None:
    render = RenderTask(graph=output(filtered(UNSHARP)), file_name="a.mp4")
    metadata = MetadataTask(source=REF, info=info())
    names = [
        fingerprint(render),
        fingerprint(metadata),
        fingerprint(render, "0"),
        fingerprint(msgspec.structs.replace(metadata, source=OTHER)),
    ]
    assert len(set(names)) == 4
    assert all(len(name) == 64 and int(name, 16) for name in names)
    assert fingerprint(msgspec.structs.replace(render, file_name="b.mp4")) == names[0]
    assert fingerprint(msgspec.structs.replace(metadata, source=MOVED)) == names[1]


steps = st.lists(st.sampled_from([UNSHARP, step("null"), step("hqdn3d")]), max_size=4)


@given(st.lists(steps, max_size=5))
def test_dropping_noops_keeps_the_filters_in_order(chains: list[list[FilterStep]]) -> None:
    node: Node = source(start=0.0)
    for chain in chains:
        node = filtered(*chain, of=node)
    simple = simplify(output(node))
    wanted = [one for chain in chains for one in chain if one.name != "null"]
    assert simple.input == (filtered(*wanted) if wanted else source())
    assert simplify(simple) == simple


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
