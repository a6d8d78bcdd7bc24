"""Decoding times, and one clock for all."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.media.cut.facts import Fact, reorder_depth
from libs.media.cut.stamps import Stamps, TooDeepError, common_tick

FRAME = 40


@st.composite
def orders(draw: st.DrawFn) -> list[int]:
    """Presentation times in the order of the stream: 0, then groups of up to 8, each in any order."""
    sizes, times = draw(st.lists(st.integers(1, 8), min_size=1, max_size=8)), [0]
    for size in sizes:
        start = len(times)
        times += [FRAME * (start + place) for place in draw(st.permutations(range(size)))]
    return times


@given(times=orders(), more=st.integers(0, 4))
def test_each_packet_is_decoded_in_time_and_after_the_one_before(times: list[int], more: int) -> None:
    stamps = Stamps(reorder_depth([Fact(time, FRAME) for time in times]) + more, FRAME)
    decoded = [stamps(time) for time in times]
    assert all(after - before == FRAME for before, after in pairwise(decoded))
    assert all(dts <= pts for dts, pts in zip(decoded, times, strict=True))


def test_pictures_in_order_are_decoded_when_they_are_shown() -> None:
    stamps = Stamps(0, FRAME)
    assert [stamps(time) for time in (0, 35, 90)] == [0, 35, 90]


def test_deeper_reordering_than_expected_is_noticed() -> None:
    stamps = Stamps(1, FRAME)
    with pytest.raises(TooDeepError):
        [stamps(time) for time in (0, 160, 120, 40, 80)]


@pytest.mark.parametrize(
    ("ticks", "common"),
    [
        (["1/12800"], "1/12800"),
        (["1/1000", "1/12800"], "1/64000"),
        (["1/12800", "1/1000", "1/60000"], "1/960000"),
        (["1001/30000"], "1/30000"),
        (["1/90000", "1/14112000"], None),
    ],
)
def test_one_clock_keeps_all_times(ticks: list[str], common: str | None) -> None:
    assert common_tick([Fraction(tick) for tick in ticks]) == (None if common is None else Fraction(common))
