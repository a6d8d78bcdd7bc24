"""Which parts of a sound are listened to together."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.windows import PAD, WINDOW, Span, settled, windows


def test_short_pauses_stay_and_long_ones_go() -> None:
    (window,) = windows([Span(5.0, 6.0), Span(7.0, 8.0), Span(20.0, 21.0)], 60.0)
    assert window.clips == (Span(5.0 - PAD, 8.0 + PAD), Span(20.0 - PAD, 21.0 + PAD))
    assert window.end == 21.0 + PAD


def test_times_in_a_window_are_found_in_the_sound() -> None:
    (window,) = windows([Span(5.0, 6.0), Span(20.0, 21.0)], 60.0)
    for (start, end), found in [
        ((0.5, 0.9), (5.1, 5.5)),
        ((2.2, 2.6), (20.0, 20.4)),
        ((1.0, 2.0), (5.6, 6.4)),  # most of it is before the cut
        ((9.0, 9.5), (21.4, 21.4)),
    ]:
        span = window.locate(start, end)
        assert (span.start, span.end) == pytest.approx(found)


def test_a_window_is_no_longer_than_what_is_heard() -> None:
    talk = [Span(start, start + 27.9) for start in (0.0, 28.0, 56.0)]
    assert [len(window.clips) for window in windows(talk, 90.0)] == [1, 1, 1]


def test_silence_needs_no_window() -> None:
    assert windows([], 60.0) == []


def test_what_may_go_on_is_heard_with_what_follows() -> None:
    talk = [Span(1.0, 2.0), Span(50.0, 60.0)]
    assert settled(talk, 60.0) == ([Span(1.0, 2.0)], 50.0 - PAD)
    assert settled(talk, 70.0) == (talk, 70.0)
    assert settled([], 60.0) == ([], 60.0)
    assert settled([Span(0.0, 60.0)], 60.0) == ([Span(0.0, 60.0)], 60.0)  # else there were no end


@st.composite
def talks(draw: st.DrawFn) -> list[Span]:
    found, at = [], 0.0
    for silence, length in draw(st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 28)), max_size=20)):
        found.append(Span(at + silence, at + silence + length))
        at = found[-1].end
    return found


@given(talks())
def test_all_speech_is_in_a_window_once(talk: list[Span]) -> None:
    duration = talk[-1].end if talk else 10.0
    found = windows(talk, duration)
    clips = [clip for window in found for clip in window.clips]
    assert all(window.length <= WINDOW + 1e-6 for window in found)
    assert all(before.end <= after.start + 1e-9 for before, after in pairwise(clips))
    for span in talk:
        assert any(clip.start <= span.start + 1e-9 and span.end <= clip.end + 1e-9 for clip in clips)
    assert all(0 <= clip.start <= clip.end <= duration for clip in clips)


@given(talks(), st.floats(30, 300))
def test_pieces_come_to_an_end(talk: list[Span], length: float) -> None:
    inside = [Span(span.start, min(span.end, length)) for span in talk if span.start < length]
    kept, following = settled(inside, length)
    assert 0.9 < following <= length
    assert all(span.end <= following for span in kept)
