"""Several sections, tiny movies, and what makes no sense."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from libs.contracts.captions import Transcript, Utterance
from libs.contracts.errors import InvalidInputError, OutOfRangeError
from libs.media.captions import ass, make
from libs.media.captions.make import MAX_WORDS
from libs.media.captions.sections import Said
from libs.media.captions.words import shifted
from tests.media.captions.drawing import bounds, drawn, ink, made, near, said, transcript


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


def test_voices_that_overlap_are_not_drawn_over_each_other(tmp_path: Path) -> None:
    first = transcript("hello there my friend", language="en")
    second = later(transcript("no never", language="en"), 1.0)
    voices = made(640, 360, said(first, style="classic"), said(second, style="classic"))
    assert voices.subrip.count("-->") == 3
    assert "hello there my friend\nno never\n" in voices.subrip
    assert [each.text for each in voices.transcript.utterances] == ["hello there my friend", "no never"]
    alone = [made(640, 360, said(each, style="classic")).ass for each in (first, second)]
    tall = [bounds(ink(drawn(ass, (640, 360), [1.2], tmp_path)[0])) for ass in (*alone, voices.ass)]
    heights = [bottom - top for _, top, _, bottom in tall]
    assert heights[2] > 1.6 * max(heights[:2])


def test_words_of_texts_that_overlap_are_highlighted_each_at_its_time(tmp_path: Path) -> None:
    both = Transcript(
        language="en",
        duration=7,
        utterances=[Utterance(text="one two", start=1, end=5), Utterance(text="sea run", start=3, end=7)],
    )
    made_of = made(640, 360, said(both, given=True, word_color="#FF0000", font_size=40))
    times = [2.0, 4.0, 6.0]
    reds = [near(frame, (255, 0, 0), 40) for frame in drawn(made_of.ass, (640, 360), times, tmp_path)]
    rows = [np.flatnonzero(red.any(axis=1)) for red in reds]
    columns = [np.flatnonzero(red.any(axis=0)) for red in reds]
    gaps = np.flatnonzero(np.diff(rows[1]) > 1)
    assert len(gaps) == 1, "two lines"
    assert columns[0].max() < 320 < columns[2].min()
    below = rows[1][gaps[0]] + 1
    two, sea = (np.flatnonzero(part.any(axis=0)) for part in (reds[1][:below], reds[1][below:]))
    assert sea.max() < 330 < two.min() + 20
    events = [line for line in made_of.ass.splitlines() if line.startswith("Dialogue: 1")]
    spans = [tuple(event.split(",")[1:3]) for event in events]
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_a_section_may_begin_in_the_midst_of_a_file() -> None:
    file = Transcript(
        language="en",
        duration=9,
        utterances=[
            Utterance(text="before", start=0, end=3), Utterance(text="still there", start=2, end=5),
            Utterance(text="after", start=6, end=9),
        ],
    )  # fmt: skip
    section = replace(said(file, start=3.0, length=4.0, given=True).section, skip=3.0)
    found = made(640, 360, Said(section, file, given=True))
    assert [(each.text, each.start, each.end) for each in found.transcript.utterances] == [
        ("still there", 3.0, 5.0), ("after", 6.0, 7.0),
    ]  # fmt: skip
    assert found.subrip == (
        "1\n00:00:03,000 --> 00:00:05,000\nstill there\n\n2\n00:00:06,000 --> 00:00:07,000\nafter\n"
    )


def test_what_begins_anew_is_said_again() -> None:
    section = replace(said("a b", start=1.0, length=5.0).section, turn=2.0)
    found = made(640, 360, Said(section, transcript("a b")))
    assert [each.start for each in found.transcript.utterances] == [1.0, 3.0, 5.0]
    assert found.subrip.count("a b") == 3
    assert found.words == 6
    with pytest.raises(InvalidInputError, match="too often"):
        made(640, 360, Said(replace(section, length=5e5, turn=0.1), transcript("a b")))


@pytest.mark.parametrize("changes", [{"skip": -1.0}, {"turn": 0.0}, {"turn": -1.0}, {"turn": float("nan")}])
def test_times_that_make_no_sense(changes: dict[str, float]) -> None:
    with pytest.raises(OutOfRangeError, match="a time"):
        made(640, 360, Said(replace(said("a").section, **changes), transcript("a")))


def later(found: Transcript, seconds: float) -> Transcript:
    """All of it `seconds` later."""
    moved = [shifted(each, seconds, 100) for each in found.utterances]
    return replace(found, utterances=[each for each in moved if each])


def test_times_before_the_sound_are_its_start() -> None:
    early = Transcript(language="en", duration=9, utterances=[Utterance(text="a b", start=-5, end=1)])
    assert made(640, 360, said(early, start=2)).subrip.startswith("1\n00:00:02,000 --> 00:00:03,")
