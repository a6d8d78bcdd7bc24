"""Where copied packets of sound go."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.media.cut.sound import EARLIEST, LONGEST_GAP, Cursor, Span, Steps, UncopyableError

RATE, SAMPLES = 48_000, 1024
LENGTH = Fraction(SAMPLES, RATE)
MILLISECONDS = st.integers(0, 20_000).map(lambda value: Fraction(value, 1000))


def packets(since: Fraction, until: Fraction) -> list[Fraction]:
    """Times of the packets of a track that begins at 0, from before `since` to after `until`."""
    first, last = int(since / LENGTH) - 20, int(until / LENGTH) + 20
    return [number * LENGTH for number in range(max(first, 0), last)]


def spans(lengths: list[tuple[Fraction, Fraction]]) -> list[Span]:
    found, offset = [], Fraction(0)
    for number, (start, length) in enumerate(lengths):
        found.append(Span(offset, start, start + length, number == len(lengths) - 1))
        offset += length
    return found


def placed(cursor: Cursor, span: Span, times: list[Fraction]) -> list[tuple[Fraction, Fraction]]:
    """Where packets go and where they should, in seconds."""
    cursor.begin(span)
    put = [(cursor.place(time, LENGTH), span.offset + time - span.start) for time in times]
    found = [(Fraction(at, RATE), ideal) for at, ideal in put if at is not None]
    cursor.finish()
    return found


PARTS = st.lists(
    st.tuples(MILLISECONDS, st.integers(40, 3000).map(lambda v: Fraction(v, 1000))), min_size=1, max_size=6
)


@given(parts=PARTS, preroll=st.sampled_from([None, 0, 2]))
def test_sound_goes_on_without_a_seam_and_with_its_pictures(
    parts: list[tuple[Fraction, Fraction]], preroll: int | None
) -> None:
    cursor, all_of_it = Cursor(RATE, preroll), []
    for span in spans(parts):
        found = placed(cursor, span, packets(span.start, span.end))
        assert all(abs(at - ideal) <= EARLIEST + Fraction(1, RATE) for at, ideal in found)
        all_of_it += found
    times = [at for at, _ in all_of_it]
    assert all(abs(after - before - LENGTH) <= Fraction(1, RATE) for before, after in pairwise(times))
    total = sum(length for _, length in parts)
    assert abs(times[-1] + LENGTH - total) <= LENGTH + Fraction(1, RATE)
    assert times[0] >= 0 if preroll is None else times[0] <= 0 or parts[0][0] == 0


@given(start=MILLISECONDS, preroll=st.sampled_from([0, 1, 2, 4]))
def test_the_very_start_is_exact_where_times_may_be_negative(start: Fraction, preroll: int) -> None:
    [span] = spans([(start, Fraction(1))])
    found = placed(Cursor(RATE, preroll), span, packets(span.start, span.end))
    assert all(abs(at - ideal) <= Fraction(1, 2 * RATE) for at, ideal in found)
    before = [at for at, _ in found if at <= -LENGTH]
    assert len(before) <= preroll
    assert found[0][0] <= 0


@given(start=MILLISECONDS)
def test_elsewhere_sound_is_a_little_late_or_begins_a_little_late(start: Fraction) -> None:
    [span] = spans([(start, Fraction(1))])
    at, ideal = placed(Cursor(RATE, None), span, packets(span.start, span.end))[0]
    assert 0 <= at <= LONGEST_GAP + Fraction(1, RATE)
    assert -Fraction(1, RATE) <= at - ideal <= LENGTH - LONGEST_GAP + Fraction(1, RATE)


def test_a_hole_between_parts_cannot_be_copied() -> None:
    cursor = Cursor(RATE, 0)
    first, second = spans([(Fraction(0), Fraction(1)), (Fraction(2), Fraction(1))])
    with pytest.raises(UncopyableError):
        placed(cursor, first, [time for time in packets(first.start, first.end) if time < Fraction(1, 2)])
    cursor = Cursor(RATE, 0)
    placed(cursor, first, packets(first.start, first.end))
    with pytest.raises(UncopyableError):
        placed(cursor, second, [time for time in packets(second.start, second.end) if time > Fraction(5, 2)])


def test_sound_may_end_before_its_pictures_but_not_be_missing() -> None:
    [span] = spans([(Fraction(1), Fraction(3))])
    found = placed(Cursor(RATE, 0), span, packets(Fraction(1), Fraction(2)))
    assert found[-1][0] < 2
    with pytest.raises(UncopyableError):
        placed(Cursor(RATE, 0), span, [])


def test_times_in_milliseconds_become_exact_again() -> None:
    steps = Steps(RATE, SAMPLES, Fraction(1, 1000))
    times = [steps(round(number * LENGTH * 1000), 21)[0] for number in range(500)]
    assert times == [number * LENGTH for number in range(500)]
    assert steps(20_000, 21)[0] == 20, "a hole stays one"
