"""Which words stand together, and for how long."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.captions import Transcript, Utterance, Word
from libs.media.captions.grouping import HOLD, LONGEST, MAX_COLUMNS, Cue, Text, spoken
from libs.media.captions.grouping import given as overlaid
from libs.media.captions.text import columns
from libs.media.captions.words import Piece, joined, pieces, placed, shifted
from libs.media.captions.writing import subrip, text, webvtt


def row(*words: tuple[str, float, float]) -> list[Piece]:
    return [Piece(*word) for word in words]


def texts(cues: list[Cue]) -> list[tuple[float, float, str]]:
    return [(cue.start, round(cue.end, 3), joined(cue.pieces)) for cue in cues]


def test_pauses_and_sentences_part_words() -> None:
    said = row(("Yes.", 0, 0.3), ("I", 0.3, 0.6), ("do.", 0.6, 1.2), ("So", 1.2, 1.5))
    said += row(("what", 1.5, 2), ("now", 3, 3.5))
    assert texts(spoken(said, lambda *_: True, 10.0)) == [
        (0, 1.2, "Yes. I do."), (1.2, 2.3, "So what"), (3, 3.8, "now"),
    ]  # fmt: skip
    assert texts(spoken(said, lambda *_: True, 3.6))[-1] == (3, 3.6, "now")


def test_what_has_no_room_is_parted_evenly() -> None:
    said = row(*((f"word{n}", n * 0.3, n * 0.3 + 0.3) for n in range(9)))
    found = spoken(said, lambda pieces, _: len(pieces) <= 8, 10.0)
    assert [len(cue.pieces) for cue in found] == [5, 4]


TIMED = st.lists(
    st.tuples(st.text("abc.,!你", min_size=1, max_size=9), st.floats(0, 2), st.floats(0, 2)), max_size=60
)


@given(TIMED, st.integers(1, 8))
def test_captions_follow_each_other_and_hold_all_words(
    words: list[tuple[str, float, float]], room: int
) -> None:
    at, said = 0.0, []
    for word, pause, length in words:
        said.append(Piece(word, at + pause, at + pause + length))
        at = said[-1].end
    cues = spoken(said, lambda pieces, _: len(pieces) <= room, at + 5)
    for cue in cues:
        assert cue.start < cue.end
        assert cue.end <= max(piece.end for piece in cue.pieces) + HOLD
        assert len(cue.pieces) <= room
        if len(cue.pieces) > 1:
            assert cue.pieces[-1].end - cue.start <= LONGEST
            assert sum(columns(piece.before + piece.text) for piece in cue.pieces) <= MAX_COLUMNS
    for before, after in pairwise(cues):
        assert before.end <= after.start
    shown = [piece for cue in cues for piece in cue.pieces]
    assert [piece for piece in said if piece in shown or piece.end > piece.start] == [
        piece for piece in said if piece in shown
    ]


def written(start: float, end: float, words: str) -> Text:
    said = Utterance(text=words, start=start, end=end)
    return Text(start, end, pieces(said))


def test_captions_that_overlap_have_twice_the_lines() -> None:
    asked: list[int] = []

    def fits(_: object, lines: int) -> bool:
        asked.append(lines)
        return True

    cues = overlaid([written(0, 4, "one two"), written(0, 4, "three")], fits)
    assert texts(cues) == [(0, 4, "one two\nthree")]
    assert set(asked) == {cue.most_lines for cue in cues} == {4}


def test_captions_that_overlap_without_room_share_the_time() -> None:
    both = [written(0, 4, "one two"), written(0, 4, "three 4")]
    assert texts(overlaid(both, lambda said, _: len(said) <= 2)) == [
        (0, 2.0, "one two"), (2.0, 4, "three 4"),
    ]  # fmt: skip
    later = [written(0, 4, "one two"), written(1, 4, "six")]
    assert texts(overlaid(later, lambda said, _: len(said) <= 1)) == [
        (0, 1, "one"), (1, 2.0, "one"), (2.0, 3.0, "two"), (3.0, 4, "six"),
    ]  # fmt: skip


TEXTS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.sampled_from(["a", "b c", "d\ne f"])))


@given(TEXTS, st.integers(1, 8))
def test_there_is_always_one_caption_with_all_texts(found: list[tuple[int, int, str]], room: int) -> None:
    said = [written(start, start + length, words) for start, length, words in found]
    cues = overlaid(said, lambda words, _: len(words) <= room)
    assert all(first.end <= second.start for first, second in pairwise(cues))
    for at in range(30):
        wanted = [text for text in said if text.start <= at < text.end]
        shown = [joined(cue.pieces) for cue in cues if cue.start <= at < cue.end]
        assert len(shown) == bool(wanted)
        if len(wanted) <= 2 and room >= 6:
            assert all(joined(text.pieces) in shown[0] for text in wanted)


def test_words_of_an_utterance_stand_as_in_its_text() -> None:
    words = [Word(text=word, start=n, end=n + 1) for n, word in enumerate(["我们", "说", "OK", "吧。"])]
    assert joined(pieces(Utterance(text="我们说 OK吧。", start=0, end=4, words=words))) == "我们说 OK吧。"
    assert joined(pieces(Utterance(text="", start=0, end=4, words=words))) == "我们说 OK 吧。"


def test_words_that_were_not_timed_share_the_time_by_length() -> None:
    found = pieces(Utterance(text="a\nlonger line", start=2, end=4))
    assert [(piece.text, piece.before) for piece in found] == [("a", " "), ("longer", "\n"), ("line", " ")]
    assert found[0].start == 2
    assert found[-1].end == 4
    assert found[1].end - found[1].start > found[2].end - found[2].start > found[0].end - found[0].start


def test_times_that_go_back_are_put_in_order() -> None:
    words = [Word(text="a", start=2, end=1), Word(text="b", start=1, end=3)]
    found = pieces(Utterance(text="a b", start=0, end=3, words=words))
    assert [(each.start, each.end) for each in found] == [(2, 2), (2, 3)]


def test_a_section_places_and_cuts() -> None:
    words = [
        Word(text="in", start=1, end=2),
        Word(text="cut", start=2.5, end=9),
        Word(text="out", start=3, end=4),
    ]
    said = Utterance(text="in cut out", start=1, end=4, words=words)
    assert placed(pieces(said), 10, 3) == row(("in", 11, 12), ("cut", 12.5, 13))
    moved = shifted(said, 10, 3)
    assert moved is not None
    assert (moved.text, moved.start, moved.end) == ("in cut", 11, 13)
    assert shifted(said, 10, 1) is None


def test_files_to_keep() -> None:
    cue = Cue(3661.5, 3662.0004, tuple(row(("a-->b", 0, 1), ("<i>&", 0, 1))))
    assert subrip([cue, cue]) == (
        "1\n01:01:01,500 --> 01:01:02,000\na→b <i>&\n\n2\n01:01:01,500 --> 01:01:02,000\na→b <i>&\n"
    )
    assert webvtt([cue]) == ("WEBVTT\n\n01:01:01.500 --> 01:01:02.000\na--&gt;b &lt;i&gt;&amp;\n")
    assert webvtt([]) == "WEBVTT\n"
    long = Cue(0, 9, tuple(Piece("word", 0, 1) for _ in range(16)))
    assert [len(line) for line in text(long).split("\n")] == [39, 39]
    assert Transcript(language="und", duration=0).utterances == []
