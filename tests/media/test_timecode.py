"""Times as text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.errors import InvalidInputError
from libs.media.timecode import MAX_LENGTH, MAX_SECONDS, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("5000", 5.0),
        ("1500.5", 1.5005),
        ("007", 0.007),
        ("5s", 5.0),
        ("0.1s", 0.1),
        ("1500ms", 1.5),
        ("250us", 0.00025),
        ("00:05", 5.0),
        ("1:5", 65.0),
        ("01:02:03", 3723.0),
        ("01:02:03.25", 3723.25),
        ("100:00:00", 360_000.0),
        ("59:59.999999", 3599.999999),
        (" 5000 ", 5.0),
        ("1000000:00:00", 3.6e9),
    ],
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "abc", "5 000", "5,5s", "5.", ".5s", "5.s", "+5", "1e3", "0x10", "5m", "5h", "5S", "5 s",
        "5ss", "5:", ":5", "1:2:3:4", "60:00", "00:60", "00:00:60", "00:60:00", "00:00:5.", "1.5:00",
        "00:00:05,5", "inf", "nan", "None", "٥٠٠٠", "５０００", "1_000", "5000\n", "\t5000", "5\x00",
        "00:00:05:00s", "00:05s",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a time"):
        parse_time(text)


@pytest.mark.parametrize("text", ["-1", "-0", "-00:00:05", "-5s", " -5", "−5"])
def test_negative_times_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="must not be negative"):
        parse_time(text)


def test_times_are_bounded() -> None:
    with pytest.raises(InvalidInputError, match="too long to be a time"):
        parse_time("1" * (MAX_LENGTH + 1))
    for text in (f"{MAX_SECONDS}001", "1000000:00:01", "9" * MAX_LENGTH):
        with pytest.raises(InvalidInputError, match="too long"):
            parse_time(text)


MICROSECONDS = st.integers(0, MAX_SECONDS * 10**6)


@given(MICROSECONDS)
def test_every_way_to_write_a_time_gives_the_same_seconds(count: int) -> None:
    whole, rest = divmod(count, 10**6)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    exact = float(Fraction(count, 10**6))
    written = [f"{count}us", f"{whole}.{rest:06d}s", f"{hours:02d}:{minutes:02d}:{seconds:02d}.{rest:06d}"]
    written += [f"{count // 1000}.{count % 1000:03d}", f"{count // 1000}.{count % 1000:03d}ms"]
    if whole < 3600:
        written.append(f"{minutes}:{seconds}.{rest:06d}")
    assert {parse_time(text) for text in written} == {exact}
    assert round(exact * 10**6) == count


@given(st.text(max_size=2 * MAX_LENGTH))
def test_any_text_is_a_time_or_invalid(text: str) -> None:
    try:
        seconds = parse_time(text)
    except InvalidInputError:
        return
    assert 0 <= seconds <= MAX_SECONDS


@given(MICROSECONDS, MICROSECONDS)
def test_order_is_kept(one: int, other: int) -> None:
    assert (parse_time(f"{one}us") < parse_time(f"{other}us")) == (one < other)
