"""Lines: nothing lost, nothing too wide, words whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.media.captions.lines import Part, balanced, fewest, widths
from libs.media.captions.text import clean
from tests.media.captions.drawing import made, said, transcript

PARTS = st.lists(
    st.builds(
        Part,
        width=st.floats(0.1, 12),
        space=st.floats(0, 0.5),
        over=st.floats(0, 0.2),
        word=st.booleans(),
        forced=st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(PARTS, st.floats(1, 30), st.booleans())
def test_lines_hold_all_and_are_no_wider_than_there_is_room(
    parts: list[Part], limit: float, authored: bool
) -> None:
    least, starts = fewest(parts, limit, authored=authored), balanced(parts, limit, authored=authored)
    assert (least is None) == (starts is None)
    if least is None or starts is None:
        assert max(part.width for part in parts) + 2 * max(part.over for part in parts) >= limit
        return
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert len(starts) == len(least)
    assert max(widths(parts, starts)) <= limit + 1e-9
    if authored:
        assert {number for number, part in enumerate(parts) if part.forced and number} <= set(starts)


def test_lines_are_about_equally_wide() -> None:
    words = [Part(1.0, 0.25) for _ in range(9)]
    assert fewest(words, 10.0) == [0, 8]
    assert balanced(words, 10.0) in ([0, 4], [0, 5])


def test_words_are_not_broken_if_that_can_be_helped() -> None:
    parts = [Part(1.0, 0.0, word=number in {0, 3}) for number in range(8)]
    assert balanced(parts, 5.0) == [0, 3]


WORDS = st.lists(
    st.text(st.characters(codec="utf-8", categories=["L", "P", "N", "M", "S"]), min_size=1, max_size=12),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(WORDS, st.sampled_from([6, 24, 120, 300]), st.sampled_from([(320, 240), (1080, 1920)]))
def test_no_word_is_lost_and_no_line_of_the_script_is_broken(
    words: list[str], size: int, movie: tuple[int, int]
) -> None:
    captions = made(*movie, said(transcript(" ".join(words)), font_size=size, style="classic"))
    assert captions.transcript.utterances[0].text == " ".join(words)
    blocks = [block.split("\n")[2:] for block in captions.subrip.removesuffix("\n").split("\n\n") if block]
    kept = "".join("".join(block) for block in blocks).replace(" ", "")
    assert kept == "".join(clean(word) for word in words).replace("-->", "→").replace(" ", "")
    head, events = captions.ass.split("[Events]\n")
    assert head.count("\nStyle: ") == 1
    for line in events.splitlines()[1:]:
        assert line.startswith("Dialogue: 1,0:0")
        body = line.split(",", 9)[9].replace("\\{", "").replace("\\}", "").replace("\\\u2060", "")
        depth = 0
        for char in body:  # braces are ours alone
            depth += (char == "{") - (char == "}")
            assert depth in {0, 1}
        assert depth == 0
