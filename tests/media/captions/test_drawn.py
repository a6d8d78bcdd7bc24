"""Captions as they are seen: when, where, in which colours, whole."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libs.contracts.captions import POSITIONS, Transcript, Utterance, Word
from tests.media.captions.drawing import GROUND, alike, bounds, drawn, ink, made, near, said, transcript

HD, TALL, SMALL = (1920, 1080), (1080, 1920), (320, 240)
QUIET: dict[str, Any] = {"outline_width": 0.0, "shadow_offset": 0.0}
LONG = "Incomprehensibilities notwithstanding, we go on; Mississippi yjgp (ÅÇ)."


def test_they_are_there_while_somebody_speaks(tmp_path: Path) -> None:
    words = [Word(text="One", start=0.4, end=0.8), Word(text="two.", start=0.8, end=1.2)]
    words += [Word(text="Three", start=2.0, end=2.4)]
    spoken = Transcript(
        language="en",
        duration=4.0,
        utterances=[Utterance(text="One two. Three", start=0, end=3, words=words)],
    )
    times = [n / 25 for n in range(0, 101, 2)]
    for style in ("classic", "progressive"):
        captions = made(320, 180, said(spoken, start=1.0, length=2.2, style=style))
        seen = [bool(ink(frame).any()) for frame in drawn(captions.ass, (320, 180), times, tmp_path)]
        assert seen == [1.4 <= t < 2.5 or 3.0 <= t < 3.2 for t in times]


@pytest.mark.parametrize("size", [HD, TALL, SMALL])
def test_they_are_in_their_ninth(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    sections = [
        said("Hi", start=n, length=1, position=position, font_size=24, style="classic")
        for n, position in enumerate(POSITIONS)
    ]
    frames = drawn(made(*size, *sections).ass, size, [n + 0.2 for n in range(9)], tmp_path)
    for position, frame in zip(POSITIONS, frames, strict=True):
        left, top, right, bottom = bounds(ink(frame))
        side, at = position.split("-")
        column, row = ("left", "center", "right").index(side), ("top", "center", "bottom").index(at)
        assert width * column / 3 <= left <= right <= width * (column + 1) / 3
        assert height * row / 3 <= top <= bottom <= height * (row + 1) / 3
        if column == 0:
            assert left == pytest.approx(0.04 * width, abs=6)
        if column == 2:
            assert right == pytest.approx(0.96 * width, abs=6)


def test_colours_are_those_that_were_asked_for(tmp_path: Path) -> None:
    style: dict[str, Any] = {
        "word_color": "#FF0000", "line_color": "#00FF00", "outline_color": "#0000FF",
        "outline_width": 8, "shadow_offset": 0, "box_color": "#FFFF00", "font_size": 150,
    }  # fmt: skip
    [frame] = drawn(made(*HD, said("HH LL", **style)).ass, HD, [0.2], tmp_path)
    for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)):
        assert near(frame, colour, 4).sum() > 2000
    assert np.median(np.flatnonzero(near(frame, (255, 0, 0), 4).any(axis=0))) < 960
    assert np.median(np.flatnonzero(near(frame, (0, 255, 0), 4).any(axis=0))) > 960
    clear: dict[str, Any] = style | {"box_color": "#FF000080", "word_color": "#00FF0080"}
    [frame] = drawn(made(*HD, said("HH LL", **clear)).ass, HD, [0.2], tmp_path)
    red, green, blue = (round((a * 127 + b * 128) / 255) for a, b in zip(GROUND, (255, 0, 0), strict=True))
    assert near(frame, (red, green, blue), 4).sum() > 2000


def test_a_shadow_falls_to_the_right_and_below(tmp_path: Path) -> None:
    style: dict[str, Any] = {
        "outline_width": 0,
        "shadow_offset": 15,
        "shadow_color": "#FF00FF",
        "font_size": 150,
    }
    [frame] = drawn(made(*HD, said("I", word_color="#FFFFFF", **style)).ass, HD, [0.2], tmp_path)
    shadow, letter = bounds(near(frame, (255, 0, 255), 4)), bounds(near(frame, (255, 255, 255), 4))
    assert shadow[2] - letter[2] == pytest.approx(15, abs=1)
    assert shadow[3] - letter[3] == pytest.approx(15, abs=1)


@pytest.mark.parametrize("position", ["center-bottom", "left-top"])
def test_the_spoken_word_alone_is_highlighted_and_nothing_moves(position: str, tmp_path: Path) -> None:
    words = ["AVA", "To", "Wet", "LT", "Yo"]
    spoken = transcript(" ".join(words), each=0.4)
    captions = made(1280, 720, said(spoken, font_size=80, position=position, **QUIET))
    times = [0.2 + 0.4 * n for n in range(len(words))]
    frames = drawn(captions.ass, (1280, 720), times, tmp_path)
    plain = made(1280, 720, said(spoken, font_size=80, position=position, style="classic", **QUIET))
    [still] = drawn(plain.ass, (1280, 720), [0.2], tmp_path)
    blank = [not column for column in list(np.atleast_1d(ink(still).any(axis=0)))]
    assert all(alike(frame, still) > 0.9995 for frame in frames)
    spans = [bounds(near(frame, (255, 212, 0))) for frame in frames]
    for before, after in pairwise(spans):
        assert before[2] < after[0]
        assert all(blank[before[2] + 3 : after[0] - 3])  # only a space lies between them
    for frame, span in zip(frames, spans, strict=True):
        outside = np.atleast_1d(near(frame, (255, 255, 255)).any(axis=0))
        assert not outside[span[0] : span[2] + 1].any()


def test_in_a_pause_no_word_is_highlighted(tmp_path: Path) -> None:
    captions = made(640, 360, said(transcript("One two", each=0.4, gap=0.48), font_size=40, **QUIET))
    frames = drawn(captions.ass, (640, 360), [0.2, 0.6, 1.0], tmp_path)
    assert [bool(near(frame, (255, 212, 0)).any()) for frame in frames] == [True, False, True]
    assert all(bool(near(frame, (255, 255, 255)).any()) for frame in frames[:2])


PLAIN: dict[str, Any] = {}
BOXED: dict[str, Any] = {"box_color": "#FF0000", "outline_width": 20, "shadow_offset": 20}


@pytest.mark.parametrize(
    ("size", "font_size", "look"),
    [
        (HD, 6, PLAIN), (HD, 24, BOXED), (HD, 120, PLAIN), (HD, 300, BOXED),
        (TALL, 6, BOXED), (TALL, 24, PLAIN), (TALL, 120, BOXED), (TALL, 300, PLAIN),
        (SMALL, 6, PLAIN), (SMALL, 24, BOXED), (SMALL, 120, BOXED), (SMALL, 300, PLAIN), (SMALL, 300, BOXED),
    ],
)  # fmt: skip
def test_nothing_leaves_the_frame(
    size: tuple[int, int], font_size: int, look: dict[str, Any], tmp_path: Path
) -> None:
    width, height = size
    sections = [
        said(LONG, start=4 * n, length=4, font_size=font_size, position=position, **look)
        for n, position in enumerate(("left-top", "center-bottom", "right-center"))
    ]
    frames = drawn(made(*size, *sections).ass, size, [0.2, 1.0, 4.2, 6.0, 8.2, 11.0], tmp_path)
    for frame in frames:
        left, top, right, bottom = bounds(ink(frame))
        assert left >= 0.03 * width - 1
        assert right <= 0.97 * width
        assert top >= 0.03 * height - 1
        assert bottom <= 0.97 * height
    if font_size == 300 and size == SMALL and not look:  # as large as there is room
        left, _, right, _ = bounds(ink(frames[0]))
        assert right - left > 0.7 * width


def test_tall_text_is_one_line(tmp_path: Path) -> None:
    captions = made(640, 360, said("I am he", font_size=300, **QUIET))
    [frame] = drawn(captions.ass, (640, 360), [0.2], tmp_path)
    _, top, _, bottom = bounds(ink(frame))
    assert 150 < bottom - top < 340


def test_two_looks_at_once(tmp_path: Path) -> None:
    small = said("small", font_size=20, position="left-top", style="classic")
    large = said("large", font_size=90, position="right-bottom", style="classic")
    [frame] = drawn(made(1280, 720, small, large).ass, (1280, 720), [0.2], tmp_path)
    _, top, _, bottom = bounds(ink(frame[:360]))
    assert bottom - top < 30
    _, top, _, bottom = bounds(ink(frame[360:]))
    assert 70 < bottom - top < 120


def test_a_box_holds_outline_and_shadow(tmp_path: Path) -> None:
    style: dict[str, Any] = {
        "box_color": "#FF0000", "outline_color": "#0000FF", "shadow_color": "#00FF00",
        "outline_width": 15, "shadow_offset": 10, "font_size": 60, "position": "right-top",
    }  # fmt: skip
    [frame] = drawn(made(1280, 720, said("gyÅ", **style)).ass, (1280, 720), [0.2], tmp_path)
    box, inner = bounds(near(frame, (255, 0, 0), 8)), bounds(ink(frame) & ~near(frame, (255, 0, 0), 8))
    assert box[0] <= inner[0]
    assert box[1] <= inner[1]
    assert box[2] >= inner[2]
    assert box[3] >= inner[3]
