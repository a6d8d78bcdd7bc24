"""Units of H.264 and HEVC, made up and real."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.media.cut.nal import (
    Entry,
    Leading,
    as_broken_link,
    classify,
    hdr_messages,
    is_delimiter,
    is_set,
    join,
    parse_config,
    set_key,
    split,
    unescape,
    unit_type,
)
from tests.media.corpus import Corpus
from tests.media.cut.truth import Stage

UNITS = st.lists(
    st.binary(min_size=1, max_size=40).map(lambda data: data.replace(b"\0", b"\1") + b"\x80"),
    min_size=1,
    max_size=6,
)
"""Units are escaped: no two zeros in a row, none at the end."""
H264_IDR, H264_SLICE, H264_AUD = b"\x65\x88\x80", b"\x41\x9a\x80", b"\x09\xf0"
RECOVERY_SEI = b"\x06\x06\x01\xc4\x80"
"""Payload type 6, one byte: recovery_frame_cnt 0 (`1`), exact_match_flag 1, broken_link_flag 0, …"""


def hevc(kind: int, body: bytes = b"\xaf\x80") -> bytes:
    return bytes([kind << 1, 1]) + body


@given(units=UNITS, size=st.sampled_from([0, 2, 3, 4]))
def test_units_survive_packing(units: list[bytes], size: int) -> None:
    assert split(join(units, size), size) == units


@given(units=UNITS, zeros=st.integers(0, 3))
def test_start_codes_may_be_long_or_short(units: list[bytes], zeros: int) -> None:
    data = b"".join(b"\0" * zeros + b"\0\0\1" + unit for unit in units) + b"\0" * zeros
    assert split(data, 0) == units


@pytest.mark.parametrize("broken", [b"\0\0\0\5abc", b"\0\0\0\0abc", b"\xff\xff\xff\xffab"])
def test_broken_lengths_are_errors(broken: bytes) -> None:
    with pytest.raises(ValueError, match="broken"):
        split(broken, 4)


@given(data=st.binary(max_size=200), size=st.sampled_from([0, 1, 2, 4]))
def test_whatever_comes_nothing_breaks(data: bytes, size: int) -> None:
    for codec in ("h264", "hevc"):
        try:
            units = split(data, size)
        except ValueError:
            continue
        classify(codec, units, key=True)
        hdr_messages(units)
        [set_key(codec, unit) for unit in units]
    for codec in ("h264", "hevc"):
        for extradata in (data, b"\1" + data, b"\0\0\0\1" + data):
            with suppress(ValueError):
                parse_config(codec, extradata)


@pytest.mark.parametrize(
    ("codec", "units", "key", "entry", "leading"),
    [
        ("h264", [H264_AUD, H264_IDR], True, Entry.CLEAN, Leading.NO),
        ("h264", [H264_IDR], False, Entry.CLEAN, Leading.NO),
        ("h264", [H264_SLICE], True, Entry.NONE, Leading.NO),
        ("h264", [RECOVERY_SEI, H264_SLICE], True, Entry.RECOVERY, Leading.NO),
        ("h264", [RECOVERY_SEI, H264_SLICE], False, Entry.NONE, Leading.NO),
        ("h264", [b"\x06\x06\x01\x84\x80", H264_SLICE], True, Entry.NONE, Leading.NO),
        ("h264", [b"\x06\x06\x01\x58\x80", H264_SLICE], True, Entry.NONE, Leading.NO),
        ("h264", [], True, Entry.NONE, Leading.NO),
        *[("hevc", [hevc(35), hevc(kind)], True, Entry.CLEAN, Leading.NO) for kind in range(16, 21)],
        ("hevc", [hevc(21)], True, Entry.OPEN, Leading.NO),
        ("hevc", [hevc(1)], False, Entry.NONE, Leading.NO),
        *[("hevc", [hevc(kind)], False, Entry.NONE, Leading.DECODABLE) for kind in (6, 7)],
        *[("hevc", [hevc(kind)], False, Entry.NONE, Leading.SKIPPED) for kind in (8, 9)],
    ],
)
def test_pictures_are_told_by_their_bits(
    codec: str, units: list[bytes], key: bool, entry: Entry, leading: Leading
) -> None:
    assert classify(codec, units, key=key) == (entry, leading)


def test_a_clean_random_access_becomes_a_broken_link() -> None:
    assert as_broken_link(hevc(21)) == hevc(18)
    assert as_broken_link(bytes([21 << 1 | 1, 0x81, 9])) == bytes([18 << 1 | 1, 0x81, 9])
    for kind in (1, 19, 20, 33, 39):
        assert as_broken_link(hevc(kind)) == hevc(kind)


def test_emulation_prevention_is_taken_out() -> None:
    assert unescape(b"\1\0\0\3\1\0\0\3\0\0\3\2") == b"\1\0\0\1\0\0\0\0\2"


@pytest.mark.parametrize("name", ["closed", "sparse-sets", "ts", "flv", "hevc", "hevc-ts", "hevc10-cra"])
def test_real_streams_are_understood(stage: Stage, name: str) -> None:
    """Every packet splits into units, entries are where the container says, and the sets beside the stream
    are complete."""
    with av.open(str(stage.path(name))) as container:
        video = container.streams.video[0]
        codec = video.codec_context.name
        config = parse_config(codec, video.codec_context.extradata)
        kinds = Counter(unit_type(codec, unit) for unit in config.sets)
        assert set(kinds) == ({7, 8} if codec == "h264" else {32, 33, 34})
        packets = [packet for packet in container.demux(video) if packet.size]
    seen = Counter[Entry]()
    for packet in packets:
        units = split(bytes(packet), config.length_size)
        assert join(units, config.length_size) == bytes(packet) or config.length_size == 0
        entry, leading = classify(codec, units, key=packet.is_keyframe)
        assert (entry is not Entry.NONE) == packet.is_keyframe
        assert all(unit in config.sets for unit in units if is_set(codec, unit))
        assert not any(is_delimiter(codec, unit) for unit in units[1:])
        seen[entry] += 1
        seen[entry] += leading is not Leading.NO
    assert seen[Entry.OPEN if "cra" in name or name == "hevc-ts" else Entry.CLEAN] >= 3


def test_ids_of_parameter_sets(stage: Stage) -> None:
    with av.open(str(stage.path("closed"))) as container:
        config = parse_config("h264", container.streams.video[0].codec_context.extradata)
    assert [set_key("h264", unit) for unit in config.sets] == [(7, 0), (8, 0)]


def test_recovery_points_of_open_gops(stage: Stage) -> None:
    with av.open(str(stage.path("open-gop"))) as container:
        video = container.streams.video[0]
        size = parse_config("h264", video.codec_context.extradata).length_size
        found = [
            classify("h264", split(bytes(packet), size), key=packet.is_keyframe)[0]
            for packet in container.demux(video)
            if packet.size
        ]
    assert found[0] is Entry.CLEAN
    assert found.count(Entry.RECOVERY) >= 3


def test_the_messages_of_hdr_are_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    def make(path: object, of: object) -> None:
        from tests.media.recipes import ffmpeg

        display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,500)"
        params = f"log-level=none:hdr10=1:master-display={display}:max-cll=1000,400"
        picture = ["-f", "lavfi", "-i", "testsrc2=s=160x120:d=0.2", "-pix_fmt", "yuv420p10le"]
        ffmpeg(*picture, "-c:v", "libx265", "-x265-params", params, str(path))

    path = Corpus(tmp_path_factory.mktemp("hdr"), {"hdr": ("mp4", make)}).path("hdr")
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        size = parse_config("hevc", video.codec_context.extradata).length_size
        first, second = [bytes(packet) for packet in container.demux(video) if packet.size][:2]
    assert len(hdr_messages(split(first, size))) >= 1
    assert hdr_messages(split(second, size)) == []
