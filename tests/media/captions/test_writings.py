"""Letters of many writings: really drawn, in their order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import pytest

from tests.media.captions.drawing import Pixels, alike, bounds, drawn, ink, made, near, said, transcript

SIZE = (1280, 720)
QUIET: dict[str, Any] = {"outline_width": 0.0, "shadow_offset": 0.0, "font_size": 80}
WRITINGS = {
    "Chinese": "中國語", "Japanese": "かなカ", "Korean": "한국어", "Arabic": "بتث", "Hebrew": "אבג",
    "Hindi": "कखग", "Thai": "กขค", "Greek": "αβγ", "Russian": "абв",
}  # fmt: skip


def shapes(texts: list[str], folder: Path) -> list[Pixels]:
    """Of each text, cut out."""
    sections = [said(text, start=n, length=1, style="classic", **QUIET) for n, text in enumerate(texts)]
    frames = drawn(made(*SIZE, *sections).ass, SIZE, [n + 0.2 for n in range(len(texts))], folder)
    found = list[Pixels]()
    for frame in frames:
        left, top, right, bottom = bounds(ink(frame))
        found.append(frame[top : bottom + 1, left : right + 1])
    return found


@pytest.mark.parametrize("writing", WRITINGS)
def test_letters_are_letters_and_no_boxes(writing: str, tmp_path: Path) -> None:
    seen = shapes([letter * 2 for letter in WRITINGS[writing]], tmp_path)
    assert made(*SIZE, said(WRITINGS[writing])).notes == []
    for one, other in ((0, 1), (1, 2), (0, 2)):
        a, b = seen[one], seen[other]
        assert a.shape != b.shape or cv2.absdiff(a, b).max() > 100


@pytest.mark.parametrize(
    "text", ["שלום עולם טוב מאוד", "مرحبا بالعالم كيف حالك", "هذا Reelbus جديد هنا", "English אבג word דהו."]
)
def test_words_are_highlighted_in_the_order_of_their_writing(text: str, tmp_path: Path) -> None:
    words = text.split(" ")
    captions = made(*SIZE, said(transcript(text), **QUIET))
    frames = drawn(captions.ass, SIZE, [0.2 + 0.4 * n for n in range(len(words))], tmp_path)
    spans = [bounds(near(frame, (255, 212, 0))) for frame in frames]
    lefts = [left for left, *_ in spans]
    assert lefts == sorted(lefts, reverse=not text.startswith("English"))
    plain = made(*SIZE, said(transcript(text), style="classic", **QUIET))
    [still] = drawn(plain.ass, SIZE, [0.2], tmp_path)
    for frame in frames:  # letters join and stand as they do without a highlight
        assert alike(frame, still) > 0.9995


def test_joined_letters_keep_their_form_when_a_word_is_highlighted(tmp_path: Path) -> None:
    captions = made(*SIZE, said(transcript("سلام سلام"), **QUIET))
    [frame] = drawn(captions.ass, SIZE, [0.2], tmp_path)
    lit, plain = near(frame, (255, 212, 0), 60), near(frame, (255, 255, 255), 60)
    first, second = bounds(lit), bounds(plain)
    assert first[2] - first[0] == pytest.approx(second[2] - second[0], abs=2)
    assert lit.sum() == pytest.approx(plain.sum(), rel=0.05)


def test_a_line_of_chinese_is_broken_and_stays_inside(tmp_path: Path) -> None:
    text = "今天天气很好，我们一起去公园散步吧，你觉得怎么样？"
    captions = made(*SIZE, said(transcript(text, each=3.0, language="zh"), **QUIET))
    assert "\\N" in captions.ass
    [frame] = drawn(captions.ass, SIZE, [0.2], tmp_path)
    left, _, right, _ = bounds(ink(frame))
    assert 0.03 * 1280 < left < right < 0.97 * 1280


@pytest.mark.parametrize(("tag", "forms"), [("zh-Hant-TW", "TC"), ("zh-HK", "HK"), ("zh", "SC")])
def test_letters_are_those_of_the_region_and_the_transcript_has_the_language(tag: str, forms: str) -> None:
    heard = said(transcript("骨直令", language="zh"), style="classic", **QUIET)
    section = msgspec.structs.replace(heard.section, language=tag)
    captions = made(*SIZE, replace(heard, section=section))
    assert f"Noto Sans CJK {forms}" in captions.ass
    assert captions.transcript.language == "zh"


def test_letters_that_no_font_has_are_left_out_and_told_of(tmp_path: Path) -> None:
    captions = made(*SIZE, said("Hi \U000f0000\U0001fae0", style="classic", **QUIET))
    assert captions.notes == [
        "No installed font has these letters, which are left out of the picture: \U0001fae0"
    ]
    with_it = drawn(captions.ass, SIZE, [0.2], tmp_path)
    assert ink(with_it[0]).any()
    assert "\U0001fae0" in captions.subrip


def test_a_font_that_is_not_there_is_replaced_and_told_of(tmp_path: Path) -> None:
    captions = made(*SIZE, said("Hello", font_family="No Such, {\\p1}Font\n[Fonts]", **QUIET))
    [note] = captions.notes
    assert note.startswith("The font 'No Such p1 Font Fonts' is not installed; ")
    [frame] = drawn(captions.ass, SIZE, [0.2], tmp_path)
    assert near(frame, (255, 212, 0)).sum() > 1000
    assert made(*SIZE, said("Hello", font_family="Arial")).notes == []


@pytest.mark.parametrize("text", ["{\\p1}m", "a\\Nb", "\\{x}", "back\\", "{\\an8}top", "}{"])
def test_no_text_is_a_command(text: str, tmp_path: Path) -> None:
    captions = made(*SIZE, said(f"{text} x", style="classic", **QUIET))
    [frame] = drawn(captions.ass, SIZE, [0.2], tmp_path)
    _, top, _, bottom = bounds(ink(frame))
    assert top > 480
    assert bottom - top < 90
    if text.strip("{}\\"):
        [without] = shapes([text.strip("{}\\")], tmp_path)
        left, _, right, _ = bounds(ink(frame))
        assert right - left > without.shape[1] + 20
