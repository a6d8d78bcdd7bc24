"""Where parameter sets go when pictures of different origin come together."""

from __future__ import annotations

import pytest

from libs.media.cut.facts import Refused
from libs.media.cut.nal import join
from libs.media.cut.sets import Packing, decide_packing


def sps(number: int, profile: int = 100) -> bytes:
    """A sequence parameter set of the id `number` (0…2), as far as it is read."""
    return bytes([0x67, profile, 0, 31]) + (b"\x80", b"\x50", b"\x70")[number]


def pps(number: int, more: bytes = b"") -> bytes:
    return b"\x68" + (b"\x80", b"\x50", b"\x70")[number] + more


ONE, OTHER_ID, SAME_ID = (sps(0), pps(0)), (sps(1), pps(1)), (sps(0, 77), pps(0, b"\1"))
HEVC_ONE, HEVC_OTHER = (b"\x40\1v", b"\x42\1s", b"\x44\1p"), (b"\x40\1v", b"\x42\1S", b"\x44\1p")
IDR, SLICE, DELIMITER = b"\x65\x88", b"\x41\x9a", b"\x09\xf0"


def test_one_origin_is_left_as_it_is() -> None:
    packing = decide_packing("h264", "mp4", [ONE, ONE], untouched=True)
    assert packing == Packing("h264", untouched=True, tag="avc1")
    assert decide_packing("hevc", "mp4", [HEVC_ONE], untouched=True, tag="hev1").tag == "hev1"
    assert decide_packing("hevc", "mp4", [HEVC_ONE], untouched=True).tag == "hvc1"
    assert decide_packing("hevc", "matroska", [HEVC_ONE], untouched=True).tag is None


def test_sets_of_different_ids_are_all_beside_the_stream() -> None:
    packing = decide_packing("h264", "mp4", [ONE, OTHER_ID], untouched=False)
    assert packing.extradata == join([sps(0), sps(1), pps(0), pps(1)])
    assert (packing.tag, packing.in_band) == ("avc1", True)


@pytest.mark.parametrize(
    ("codec", "groups", "container", "tag"),
    [
        ("h264", [ONE, SAME_ID], "mp4", "avc3"),
        ("hevc", [HEVC_ONE, HEVC_OTHER], "mov", "hev1"),
        ("hevc", [HEVC_ONE, HEVC_OTHER], "matroska", None),
        ("hevc", [HEVC_ONE, HEVC_OTHER], "mpegts", None),
    ],
)
def test_sets_of_the_same_ids_are_in_band(
    codec: str, groups: list[tuple[bytes, ...]], container: str, tag: str | None
) -> None:
    packing = decide_packing(codec, container, groups, untouched=False)
    assert packing == Packing(codec, extradata=join(groups[0]), tag=tag, in_band=True)


def test_flash_has_no_place_for_them() -> None:
    with pytest.raises(Refused):
        decide_packing("h264", "flv", [ONE, SAME_ID], untouched=False)


def test_a_stream_that_keeps_its_sets_to_itself_is_refused() -> None:
    with pytest.raises(Refused):
        decide_packing("h264", "mp4", [()], untouched=True)


def test_entries_get_their_sets_behind_the_delimiter() -> None:
    packing = decide_packing("h264", "mp4", [ONE, SAME_ID], untouched=False)
    assert packing.pack([DELIMITER, *ONE, IDR], ONE, entry=True) == [DELIMITER, *ONE, IDR]
    assert packing.pack([DELIMITER, IDR], SAME_ID, entry=True) == [DELIMITER, *SAME_ID, IDR]
    assert packing.pack([SLICE], SAME_ID, entry=False) == [SLICE]


def test_sets_are_taken_out_where_they_are_beside_the_stream() -> None:
    packing = decide_packing("h264", "mp4", [ONE], untouched=False)
    assert packing.pack([DELIMITER, *ONE, IDR], ONE, entry=True) == [DELIMITER, IDR]


def test_sets_that_change_on_the_way_are_refused() -> None:
    packing = decide_packing("h264", "mp4", [ONE, OTHER_ID], untouched=False)
    with pytest.raises(Refused):
        packing.pack([*SAME_ID, IDR], ONE, entry=True)


def test_only_joined_pictures_become_broken_links() -> None:
    packing = decide_packing("hevc", "mpegts", [HEVC_ONE], untouched=False)
    access = bytes([21 << 1, 1, 9])
    assert packing.pack([access], HEVC_ONE, entry=True)[-1] == access
    assert packing.pack([access], HEVC_ONE, entry=True, broken=True)[-1] == bytes([18 << 1, 1, 9])
