"""The command line of each node type: inputs, filters, and what is written, word for word."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from libs.contracts.errors import InvalidInputError
from libs.contracts.graph import (
    AudioEncoding,
    AudioMix,
    Fit,
    Loudness,
    LoudnessMeasure,
    Node,
    Overlay,
    Rate,
    Sound,
    Speed,
    Subtitles,
)
from libs.media.command import compile as compile_graph
from tests.media.building import filtered, info, source, step, video
from tests.media.commanding import (
    BARE,
    CUT,
    INPUTS,
    MUSIC,
    OUT,
    READY,
    SILENT,
    TIMED,
    WORDS,
    A,
    B,
    command,
    graph_of,
    inputs_of,
    opened,
    part,
    written,
)
from tests.media.test_command import GLOBAL


@pytest.mark.parametrize(
    ("mode", "filters"),
    [
        (
            "pad",
            "[0:0]scale=h=max(2\\,round(min(64\\,128/dar)/2)*2):w=max(2\\,round(min(128\\,64*dar)/2)*2)[s0];"
            "[s0]pad=h=64:w=128:x=(ow-iw)/2:y=(oh-ih)/2[s1];[s1]setsar=1[s2]",
        ),
        (
            "crop",
            "[0:0]crop=exact=1:h=min(ih\\,ceil(iw*sar*64/128/2)*2):w=min(iw\\,ceil(ih*128/(64*sar)/2)*2):"
            "x=floor((iw-ow)/4)*2:y=floor((ih-oh)/4)*2[s0];"
            "[s0]scale=h=ceil(max(64\\,128/dar)/2)*2:w=ceil(max(128\\,64*dar)/2)*2[s1];"
            "[s1]crop=h=64:w=128[s2];[s2]setsar=1[s3]",
        ),
        (
            "blur",
            "[0:0]split=2[s0][s1];"
            "[s0]crop=exact=1:h=min(ih\\,ceil(iw*sar*8/16/2)*2):w=min(iw\\,ceil(ih*16/(8*sar)/2)*2):"
            "x=floor((iw-ow)/4)*2:y=floor((ih-oh)/4)*2[s2];"
            "[s2]scale=h=ceil(max(8\\,16/dar)/2)*2:w=ceil(max(16\\,8*dar)/2)*2[s3];[s3]crop=h=8:w=16[s4];"
            "[s4]gblur=sigma=4[s5];[s5]scale=h=64:w=128[s6];[s6]setsar=1[s7];"
            "[s1]scale=h=max(2\\,round(min(64\\,128/dar)/2)*2):w=max(2\\,round(min(128\\,64*dar)/2)*2)[s8];"
            "[s8]setsar=1[s9];[s7][s9]overlay=format=auto:x=(W-w)/2:y=(H-h)/2[s10];[s10]setsar=1[s11]",
        ),
    ],
)
def test_a_fit(mode: str, filters: str) -> None:
    last = filters.rpartition("[")[2]
    assert command(Fit(input=A, width=128, height=64, mode=mode)) == [
        *[*GLOBAL, *opened("/a"), "-filter_complex", filters],
        *written(f"[{last}", "0:1", **TIMED),
    ]


def test_a_rate() -> None:
    assert command(Rate(input=part(A, None, 2.0), rate="60/2"), audio=[])[len(GLOBAL) :] == [
        *opened("/a", "-t", "2.1"),
        "-filter_complex",
        "[0:0]setpts=PTS-STARTPTS[s0];[s0]trim=end=1.998[s1];[s1]settb=1/1000000[s2];"
        "[s2]setpts=if(isnan(POS)\\,if(lt(PTS-0.016667/TB\\,1)\\,1\\,PTS-0.016667/TB)\\,PTS-0.002/TB)[s3];[s3]fps=fps=30:round=up[s4];"
        "[s4]tpad=stop=-1:stop_mode=clone[s5];[s5]trim=end_frame=60[s6]",
        *[text for text in written("[s6]", map_chapters="-1", r__v="30") if text not in ("-c:a:0", "aac")],
    ]
    assert graph_of(command(Rate(input=A, rate="30000/1001"))) == [
        *[
            "[0:0]settb=1/1000000[s0]",
            "[s0]setpts=if(isnan(POS)\\,if(lt(PTS-0.016683/TB\\,1)\\,1\\,PTS-0.016683/TB)\\,PTS-0.002/TB)[s1]",
            "[s1]fps=fps=30000/1001:round=up[s2]",
        ]
    ]


def test_a_speed() -> None:
    argv = command(Speed(input=part(A, None, 3.0), factor=3.0))
    assert graph_of(argv)[1:4] == [
        *["[s0]trim=end=2.998[s1]", "[s1]settb=1/1000000[s2]", "[s2]setpts=PTS/3[s3]"]
    ]
    assert graph_of(argv)[6:] == [
        "[s5]aformat=channel_layouts=stereo[s6]",
        "[s6]atempo=2[s7]",
        "[s7]atempo=1.5[s8]",
        "[s8]apad=whole_len=48000[s9]",
        "[s9]atrim=end_sample=48000[s10]",
    ]
    assert argv[-len(written("", "", **CUT, **TIMED)) :] == written(
        "[s3]", "[s10]", **CUT, enc_time_base__v="1/90000", r__v="75"
    )
    slow = [each.partition("]")[2] for each in graph_of(command(Speed(input=A, factor=0.2)))]
    assert [each for each in slow if each.startswith("atempo")] == [
        *["atempo=0.5[s4]", "atempo=0.5[s5]", "atempo=0.8[s6]"]
    ]


def test_a_layer() -> None:
    argv = command(Overlay(input=A, layer=A, x=10, y=-4, start=1.0, end=2.5))
    assert inputs_of(argv) == ["file:/a", "file:/a"]
    assert graph_of(argv) == [
        "[1:0]settb=1/1000000[s0]",
        "[s0]setpts=PTS+1/TB[s1]",
        "[0:0][s1]overlay=enable=gte(t\\,1)*lt(t\\,2.5):eof_action=pass:format=auto:x=10:y=-4[s2]",
    ]
    assert "0:1" in argv
    clear = source(info=info(video=video(codec="vp9", alpha=True)), object=B.object)
    assert command(Overlay(input=A, layer=clear))[len([*GLOBAL, *opened("/a")]) :][:2] == [
        "-c:v",
        "libvpx-vp9",
    ]


def test_text() -> None:
    argv = command(Subtitles(input=A, file=WORDS))
    assert inputs_of(argv) == ["file:/a"]
    assert graph_of(argv) == ["[0:0]ass=filename=/it\\\\\\'s.ass[s0]"]


def test_a_mix() -> None:
    node = AudioMix(
        input=part(A, None, 2.0),
        sounds=[Sound(input=part(MUSIC, 5.0, 6.0), start=0.25, gain=-6.0), Sound(input=B)],
        gain=3.0,
    )
    argv = command(node)
    assert inputs_of(argv) == ["file:/a", "file:/d", "file:/b"]
    assert graph_of(argv)[2:] == [
        "[0:1]atrim=end=2[s2]",
        f"[s2]{READY}[s3]",
        "[s3]aformat=channel_layouts=stereo[s4]",
        "[s4]apad=whole_len=96000[s5]",
        "[s5]atrim=end_sample=96000[s6]",
        "[s6]volume=3dB[s7]",
        "[1:0]atrim=end=6:start=5[s8]",
        "[s8]asetpts=PTS-5/TB[s9]",
        f"[s9]{READY}[s10]",
        "[s10]aformat=channel_layouts=stereo[s11]",
        "[s11]volume=-6dB[s12]",
        "[s12]adelay=12000S:all=1[s13]",
        "[s13]apad=whole_len=96000[s14]",
        "[s14]atrim=end_sample=96000[s15]",
        f"[2:2]{READY}[s16]",
        "[s16]aformat=channel_layouts=stereo[s17]",
        "[s17]apad=whole_len=96000[s18]",
        "[s18]atrim=end_sample=96000[s19]",
        "[s7][s15][s19]amix=inputs=3:normalize=0[s20]",
        "[s20]alimiter=attack=5:latency=1:level=0:limit=1:release=60[s21]",
        "[s21]apad=whole_len=96000[s22]",
        "[s22]atrim=end_sample=96000[s23]",
    ]


def test_silence() -> None:
    argv = command(AudioMix(input=part(A, None, 2.0), sounds=[], gain=None))
    assert "[s6]volume=0[s7]" in graph_of(argv)
    mute = AudioMix(input=SILENT, sounds=[Sound(input=MUSIC)])
    alone = graph_of(command(mute, audio=[AudioEncoding(index=0, encoder="aac")]))
    assert not any("amix" in each or "anullsrc" in each for each in alone)


def test_loudness() -> None:
    found = LoudnessMeasure(integrated=-20.5, true_peak=-3.0, range=9.25, threshold=-31.0, offset=0.5)
    chain = graph_of(command(Loudness(input=A, target=-14.0, measured=found)))
    assert chain[2:] == [
        "[s1]aformat=sample_fmts=dblp[s2]",
        "[s2]volume=precision=double:volume=7.00dB[s3]",
        "[s3]aresample=sample_rate=192000[s4]",
        "[s4]alimiter=attack=5:latency=1:level=0:limit=0.891251:release=60[s5]",
        "[s5]aresample=sample_rate=48000[s6]",
        "[s6]aformat=channel_layouts=stereo[s7]",
    ]
    assert "[s1]loudnorm=I=-16:TP=-1[s2]" in graph_of(command(Loudness(input=A)))


def test_sound_that_nothing_is_done_to_is_taken_as_it_is() -> None:
    for node in (Rate(input=A, rate="25"), filtered(step("unsharp"), of=A), Subtitles(input=A, file=WORDS)):
        assert "0:1" in command(node)
    copied = command(Fit(input=A, width=64, height=64), audio=[AudioEncoding(index=1, encoder="copy")])
    assert "0:1" in copied


def test_the_largest_graphs_compile() -> None:
    node: Node = A
    for _ in range(60):
        node = Speed(input=filtered(*[step("unsharp")] * 4, of=node), factor=1.01)
    with pytest.raises(InvalidInputError, match="too complex"):
        command(node)
    node = A
    for _ in range(32):
        node = Speed(input=filtered(*[step("unsharp")] * 8, of=node), factor=1.01)
    assert len(graph_of(command(node))) > 300


def test_a_subtitle_file_lies_on_this_machine() -> None:
    inputs: dict[str, str | Path] = {**INPUTS, WORDS.sha256: "https://storage/words"}
    with pytest.raises(InvalidInputError, match="not provided"):
        compile_graph(msgspec.structs.replace(BARE, input=Subtitles(input=A, file=WORDS)), inputs, OUT)
