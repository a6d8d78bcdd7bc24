"""From what a model heard to words and utterances."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.windows import Span
from services.speech.words import EARLY, LONGEST, Heard, corrected, utterances

ALL = [Span(0.0, 60.0)]


def heard(text: str, start: float, end: float, *, begins: bool = False) -> Heard:
    return Heard(text, start, end, 0.9, begins)


def test_words_are_moved_to_when_they_are_said() -> None:
    found = corrected([heard(" One", 1.0, 1.4), heard(" two.", 1.5, 1.9)], ALL, 60.0)
    assert [word.start for word in found] == pytest.approx([1.0 + EARLY, 1.5 + EARLY])
    assert [word.end for word in found] == pytest.approx([1.4 + EARLY, 1.9 + EARLY])


def test_a_word_does_not_start_in_the_silence_before_it() -> None:
    speech = [Span(2.0, 3.0), Span(7.0, 8.0)]
    said = [heard(" One", 0.0, 2.4), heard(" two", 2.4, 3.0), heard(" three", 5.1, 7.5)]
    found = corrected(said, speech, 10.0)
    assert [word.start for word in found] == [2.0, 2.45, 7.0]
    assert found[1].end <= found[2].start


def test_a_word_without_speech_keeps_its_time() -> None:
    (found,) = corrected([heard(" Hm", 4.0, 4.5)], [Span(1.0, 2.0), Span(7.0, 8.0)], 10.0)
    assert found.start == pytest.approx(4.0 + EARLY)


class Looked(Sequence[Span]):
    """Counts how often it is looked into."""

    def __init__(self, spans: list[Span]) -> None:
        self._spans = spans
        self.looks = 0

    def __len__(self) -> int:
        return len(self._spans)

    def __getitem__(self, at: Any) -> Any:
        self.looks += 1
        return self._spans[at]


def test_a_long_sound_is_not_looked_through_for_every_word() -> None:
    """Ten hours have tens of thousands of both, and all else in the process waits."""
    speech = Looked([Span(2.0 * n + 0.5, 2.0 * n + 1.5) for n in range(500)])
    said = [heard(" so", 2.0 * n, 2.0 * n + 1.0) for n in range(500)]
    found = corrected(said, speech, 1000.0)
    assert [word.start for word in found] == [2.0 * n + 0.5 for n in range(500)]
    assert speech.looks <= 3 * 500


def test_the_last_word_ends_with_the_sound() -> None:
    (found,) = corrected([heard(" End", 9.5, 12.0)], ALL, 10.0)
    assert (found.start, found.end) == (9.55, 10.0)
    (late,) = corrected([heard(" Late", 11.0, 12.0)], ALL, 10.0)
    assert late.start < late.end == 10.0


def test_parts_of_a_word_are_joined() -> None:
    parts = [
        heard(" ill", 1.0, 1.2),
        heard("-disposed", 1.2, 1.8),
        heard(" man", 2.0, 2.3),
        heard(".", 2.3, 2.4),
    ]
    found = corrected(parts, ALL, 60.0)
    assert [word.text for word in found] == [" ill-disposed", " man."]
    assert found[0].end == pytest.approx(1.8 + EARLY)


def test_where_there_are_no_spaces_words_stay_apart() -> None:
    parts = [heard("今日", 1.0, 1.4, begins=True), heard("は", 1.4, 1.5), heard("。", 1.5, 1.6)]
    (said,) = utterances(corrected(parts, ALL, 60.0))
    assert [word.text for word in said.words] == ["今日", "は。"]
    assert said.text == "今日は。"


def test_what_is_no_text_is_left_out() -> None:
    assert corrected([heard(" ", 1.0, 2.0), heard("", 2.0, 3.0)], ALL, 60.0) == []
    assert corrected([], [], 0.0) == []
    assert utterances([]) == []


def test_sentences_and_pauses_end_utterances() -> None:
    words = [
        heard(" We", 1.0, 1.2, begins=True),
        heard(" came", 1.2, 1.6),
        heard(" home.", 1.6, 2.0, begins=True),
        heard(" Then", 2.1, 2.4, begins=True),
        heard(" we", 5.0, 5.2),
    ]
    found = utterances(words)
    assert [each.text for each in found] == ["We came home.", "Then", "we"]
    assert [(each.start, each.end) for each in found] == [(1.0, 2.0), (2.1, 2.4), (5.0, 5.2)]


def test_a_sentence_without_end_is_cut_at_a_segment() -> None:
    words = [heard(" on", float(i), i + 0.9, begins=i % 5 == 0) for i in range(40)]
    found = utterances(words)
    assert [len(each.words) for each in found] == [15, 15, 10]
    assert all(each.end - each.start <= LONGEST for each in found)


times = st.floats(-5, 40) | st.sampled_from([float("nan"), float("inf")])
words = st.lists(
    st.builds(Heard, st.sampled_from([" a", "b", "。", " "]), times, times, st.floats(-1, 2), st.booleans())
)
spans = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 3)), max_size=8)


@given(words, spans, st.floats(0.01, 30))
def test_times_are_always_in_order(
    said: list[Heard], talk: list[tuple[float, float]], duration: float
) -> None:
    speech = [Span(start, start + length) for start, length in sorted(talk)]
    found = corrected(said, speech, duration)
    slack = 0.002  # times are written to the millisecond
    assert all(-slack <= word.start <= word.end <= duration + slack for word in found)
    assert all(before.end <= after.start + slack for before, after in pairwise(found))
    told = utterances(found)
    assert sum(len(each.words) for each in told) == len(found)
