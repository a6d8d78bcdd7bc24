"""What is measured is what libass draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from libs.media.captions.installed import installed
from libs.media.captions.measure import em, extent
from tests.media.captions.drawing import bounds, drawn, ink, made, near, said

TEXTS = {
    "Liberation Sans": "AVATAR-Type,Wjg",
    "DejaVu Sans": "AVATAR-Type,Wjg",
    "Liberation Serif": "officeAVATo",
    "Noto Sans CJK SC": "中文字幕",
    "Noto Sans CJK JP": "かなカナ漢字",
    "Noto Sans Arabic": "السلام",
    "Noto Sans Devanagari": "नमस्ते",
    "Noto Sans Thai": "สวัสดี",
    "Noto Sans Hebrew": "שלום",
}


@pytest.mark.parametrize("family", TEXTS)
@pytest.mark.parametrize("size", [24, 120])
def test_letters_are_as_wide_and_high_as_measured(family: str, size: int, tmp_path: Path) -> None:
    text = TEXTS[family]
    face = installed().face(family)
    assert face is not None
    captions = made(
        1920,
        1080,
        said(text, font_family=family, font_size=size, outline_width=0, shadow_offset=0, box_color="#FF0000"),
    )
    [frame] = drawn(captions.ass, (1920, 1080), [0.2], tmp_path)
    letters = near(frame, (255, 212, 0), 90)
    left, top, right, bottom = bounds(letters)
    measured = extent(text, face)
    ink_height = (measured.ink_above + measured.ink_below) * size
    assert bottom - top + 1 == pytest.approx(ink_height, abs=2.5)
    over = (measured.over - 0.01) * size
    width = measured.advance * size
    assert width * 0.85 - 2 <= right - left + 1 <= width + 2 * over + 2
    box = bounds(ink(frame))
    block = width + 2 * measured.over * size + 0.56 * size
    assert block - 2 <= box[2] - box[0] + 1 <= block + 0.1 * size
    assert left - box[0] == pytest.approx(0.28 * size, abs=0.12 * size + 2)
    assert box[2] - right == pytest.approx(0.28 * size, abs=0.12 * size + 2)
    spill = max(measured.ink_above - measured.above, measured.ink_below - measured.below, 0.0)
    baseline = (measured.above + 0.08 + spill) * size
    assert top - box[1] == pytest.approx(baseline - measured.ink_above * size, abs=2.5)


def test_letters_of_other_writings_are_as_large(tmp_path: Path) -> None:
    fonts = installed()
    for family in ("Noto Sans CJK SC", "Noto Sans Arabic"):
        face, latin = fonts.face(family), fonts.face("Liberation Sans")
        assert face
        assert latin
        assert em(face) < em(latin)
    captions = made(1920, 1080, said("Hello 中文", font_size=100))
    sizes = {name: float(size) for name, size in re.findall(r"\\fn([^\\]+)\\fs([\d.]+)", captions.ass)}
    assert sizes["Liberation Sans"] == 100
    assert sizes["Noto Sans CJK SC"] == pytest.approx(100 * 1.448 / 1.117, abs=1)
