"""Byte ranges as RFC 9110, section 14.1.2, defines them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.edge.downloads import UnsatisfiableError, parse_range

HUGE = "9" * 5_000


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        ("bytes=0-499", 10_000, (0, 500)),  # the examples of the RFC
        ("bytes=500-999", 10_000, (500, 500)),
        ("bytes=-500", 10_000, (9_500, 500)),
        ("bytes=9500-", 10_000, (9_500, 500)),
        ("bytes=0-0", 10_000, (0, 1)),
        ("bytes=0-", 10, (0, 10)),
        ("bytes=9-", 10, (9, 1)),
        ("bytes=0-9", 10, (0, 10)),
        ("bytes=0-10", 10, (0, 10)),
        ("bytes=5-1000000000000000000000", 10, (5, 5)),
        ("bytes=-10", 10, (0, 10)),
        ("bytes=-11", 10, (0, 10)),
        ("bytes=-1", 1, (0, 1)),
        ("bytes=00000-0001", 10, (0, 2)),
        ("Bytes=0-1", 10, (0, 2)),  # unit names are case-insensitive
        ("  bytes=0-1 ", 10, (0, 2)),
        (f"bytes=0-{HUGE}", 10, (0, 10)),
        (f"bytes=-{HUGE}", 10, (0, 10)),
    ],
)
def test_ranges_that_count(header: str, size: int, expected: tuple[int, int]) -> None:
    assert parse_range(header, size) == expected


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=10-", 10),
        ("bytes=10-11", 10),
        ("bytes=-0", 10),
        ("bytes=0-", 0),
        ("bytes=0-0", 0),
        ("bytes=-1", 0),
        (f"bytes={HUGE}-", 10),
        (f"bytes={HUGE}-{HUGE}", 10),
    ],
)
def test_ranges_outside_of_the_content(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(header, size)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=--1",
        "bytes=1--2",
        "bytes=a-b",
        "bytes=1",
        "bytes=5-2",
        "bytes=99-98",  # nonsense comes before outside
        "bytes=0-1,3-4",
        "bytes=0-1,",
        "bytes=-1,-2",
        "items=0-1",
        "bytes 0-1",
        "bytes=0 - 1",
        "bytes=0x0-0x1",
        "bytes=+1-2",
        "bytes=1.0-2",
        "bytes=٠-١",
        "bytes=²-³",
        "bytes=0-1\nbytes=0-1",
        f"bytes={HUGE}-1",
    ],
)
def test_headers_to_ignore(header: str) -> None:
    assert parse_range(header, 10) is None


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d*-\d*", fullmatch=True), st.integers(0, 1 << 50))
def test_a_range_is_always_inside_the_content(header: str, size: int) -> None:
    try:
        found = parse_range(header, size)
    except UnsatisfiableError:
        return
    if found is not None:
        offset, length = found
        assert length > 0
        assert 0 <= offset < offset + length <= size
