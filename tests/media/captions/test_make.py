"""Several sections, tiny movies, and what makes no sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from libs.contracts.captions import Transcript, Utterance
from libs.contracts.errors import InvalidInputError, OutOfRangeError
from libs.media.captions import ass, make
from libs.media.captions.make import MAX_WORDS
from tests.media.captions.drawing import made, said, transcript


def test_the_language_is_that_of_most_words() -> None:
    sections = [
        said(transcript("un deux", language="fr"), start=0, length=9),
        said(transcript("one two three", language="en"), start=10, length=9),
        said(Transcript(language="und", duration=3), start=20, length=9),
    ]
    found = made(640, 360, *reversed(sections))
    assert (found.transcript.language, found.words) == ("en", 5)
    assert [each.start for each in found.transcript.utterances] == [0, 10]
    assert found.transcript.duration == 29
    assert found.ass.count("\nStyle: ") == 3
    assert found.subrip.index("un deux") < found.subrip.index("one two")


def test_no_sections_are_no_captions() -> None:
    found = made(640, 360)
    assert (found.subrip, found.webvtt, found.words) == ("", "WEBVTT\n", 0)
    assert found.transcript == Transcript(language="und", duration=0)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (2, 2000), (16384, 16)])
def test_movies_of_any_size(size: tuple[int, int]) -> None:
    found = made(
        *size, said("W" * 500 + " small words", font_size=300, outline_width=20, box_color="#FF0000")
    )
    assert "small" in found.subrip


@pytest.mark.parametrize(
    ("start", "length"), [(-1, 1), (0, 0), (0, -1), (1e7, 1), (0, 1e7), (float("nan"), 1), (0, float("inf"))]
)
def test_sections_are_within_a_movie(start: float, length: float) -> None:
    with pytest.raises(OutOfRangeError, match="section"):
        made(640, 360, said("a", start=start, length=length))


@pytest.mark.parametrize("size", [(0, 10), (10, 20000)])
def test_movies_have_a_size(size: tuple[int, int]) -> None:
    with pytest.raises(OutOfRangeError, match="pixels"):
        made(*size)


def test_there_are_bounds() -> None:
    with pytest.raises(OutOfRangeError, match="500 sections"):
        made(640, 360, *(said("a", start=n, length=1) for n in range(501)))
    long = Transcript(
        language="en", duration=9, utterances=[Utterance(text="a " * (MAX_WORDS + 1), start=0, end=9)]
    )
    with pytest.raises(InvalidInputError, match="100000 words"):
        made(640, 360, said(long))


def test_a_script_that_is_too_long_is_given_up_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    events, written = ass._events, list[str]()

    def counted(*args: Any) -> Iterator[str]:
        for event in events(*args):
            written.append(event)
            yield event

    monkeypatch.setattr(ass, "_events", counted)
    monkeypatch.setattr(make, "MAX_SUBTITLES", 5000)
    with pytest.raises(InvalidInputError, match="too much text"):
        made(640, 360, said(transcript("word " * 2000, language="en"), start=0, length=4000))
    assert sum(map(len, written)) < 10_000


def test_times_before_the_sound_are_its_start() -> None:
    early = Transcript(language="en", duration=9, utterances=[Utterance(text="a b", start=-5, end=1)])
    assert made(640, 360, said(early, start=2)).subrip.startswith("1\n00:00:02,000 --> 00:00:03,")
