"""`Prefer` as RFC 7240 writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.edge.prefer import Patience, patience, preferences


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], {}),
        (["respond-async"], {"respond-async": ""}),
        (["respond-async, wait=10"], {"respond-async": "", "wait": "10"}),  # the examples of the RFC
        (["respond-async, wait=9", "handling=x"], {"respond-async": "", "wait": "9", "handling": "x"}),
        (["return=minimal; foo=\"some parameter\""], {"return": "minimal"}),
        (['Lenient'], {"lenient": ""}),
        (['foo; bar=""'], {"foo": ""}),
        (['foo=""; bar'], {"foo": ""}),
        (["Respond-Async"], {"respond-async": ""}),
        ([" respond-async ;x=1;y "], {"respond-async": ""}),
        (["wait = 5"], {"wait": "5"}),
        (['wait="5"'], {"wait": "5"}),
        (["wait=5, wait=6", "wait=7"], {"wait": "5"}),
        ([r'a="x, respond-async; \"y\"", b'], {"a": 'x, respond-async; "y"', "b": ""}),
        (["respond-asynchronously"], {"respond-asynchronously": ""}),
        (["respond async", "b"], {"b": ""}),
        ([",, ,b,"], {"b": ""}),
        (["a=b=c, =x, (, b"], {"b": ""}),
        (["x" * 2000], {}),
    ],
)  # fmt: skip
def test_preferences(headers: list[str], expected: dict[str, str]) -> None:
    assert preferences(headers) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", Patience(60)),
        ("respond-async", Patience(0, "respond-async")),
        ("return=minimal, RESPOND-ASYNC", Patience(0, "respond-async")),
        ("respond-async, wait=10", Patience(10, "respond-async, wait=10")),
        ("wait=10, respond-async", Patience(10, "respond-async, wait=10")),
        ("wait=10", Patience(10, "wait=10")),
        ("wait=0", Patience(0, "wait=0")),
        ("wait=3600", Patience(60)),  # not as long, so it is not said to be applied
        ("respond-async, wait=999999999", Patience(60, "respond-async")),
        ("wait=9999999999", Patience(60)),
        ("wait=-1", Patience(60)),
        ("wait=1.5", Patience(60)),
        ("wait", Patience(60)),
        ("wait=٥", Patience(60)),
        ("respond-async=no", Patience(60)),
        ("foo; respond-async", Patience(60)),
        ('foo="respond-async"', Patience(60)),
    ],
)
def test_patience(header: str, expected: Patience) -> None:
    assert patience([header] if header else [], 60) == expected


@given(st.lists(st.text(alphabet='ab,;="\\ \t1-', max_size=60) | st.text(max_size=30), max_size=4))
def test_any_header_is_read(headers: list[str]) -> None:
    assert 0 <= patience(headers, 60).seconds <= 60
