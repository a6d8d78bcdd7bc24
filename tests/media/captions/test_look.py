"""Styles: bounds, colours, defaults; and which font is chosen."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from libs.contracts.captions import CaptionStyle
from libs.contracts.errors import InvalidInputError, OutOfRangeError, UnavailableError
from libs.media.captions.fonts import LISTED, Catalogue
from libs.media.captions.look import Colour, look

LISTING = "\n".join(
    "\t".join(line)
    for line in [
        ("Plain Sans", "/bold.ttf", "0", "200", "0", "100", "False", "False", "20-7e"),
        ("Plain Sans,Plain Sans Book", "/plain.ttf", "0", "80", "0", "100", "False", "False", "20-7e 4e2d"),
        ("Plain Sans", "/oblique.ttf", "0", "80", "110", "100", "False", "False", "20-7e"),
        (
            "Noto Sans CJK JP",
            "/cjk.ttc",
            "0",
            "80",
            "0",
            "100",
            "False",
            "False",
            "20-7e 3040-30ff 4e00-9fff",
        ),
        (
            "Noto Sans CJK SC",
            "/cjk.ttc",
            "2",
            "80",
            "0",
            "100",
            "False",
            "False",
            "20-7e 3040-30ff 4e00-9fff",
        ),
        ("Noto Serif Hebrew", "/serif.ttf", "0", "80", "0", "100", "False", "False", "5d0-5ea"),
        ("Noto Sans Hebrew", "/hebrew.ttf", "0", "80", "0", "100", "False", "False", "5d0-5ea"),
        ("Colours", "/emoji.ttf", "0", "80", "0", "100", "False", "True", "1f600"),
        ("Evil\\,{Font}", "/evil.ttf", "0", "80", "0", "100", "False", "False", "5d0-5ea"),
        ("Varied", "/varied.ttf", "0", "[0 210]", "0", "[75 100]", "True", "False", "20-7e"),
        ("broken",),
    ]
)


def test_defaults() -> None:
    found = look(CaptionStyle(), 1920, 1080)
    assert (found.size, found.alignment, found.progressive) == (54.0, 2, True)
    assert found.shadow == Colour(0, 255 - 0xA0)
    assert found.word == Colour(0x00D4FF, 0)
    assert look(CaptionStyle(), 20000, 10000).size == 300
    assert look(CaptionStyle(), 20, 10).size == 6
    assert look(CaptionStyle(outline_width=20), 100, 100).outline_width == 5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"style": "karaoke"}, "style"),
        ({"position": "top-left"}, "position"),
        ({"word_color": "red"}, "word_color"),
        ({"line_color": "#FFF"}, "line_color"),
        ({"box_color": "#12345678}{"}, "box_color"),
        ({"shadow_color": "#GG0000"}, "shadow_color"),
        ({"outline_color": "#000000\n"}, "outline_color"),
    ],
)
def test_what_makes_no_sense_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        look(msgspec.structs.replace(CaptionStyle(), **changes), 100, 100)
    assert caught.value.details == {"field": field}


@pytest.mark.parametrize(
    "changes",
    [
        {"font_size": 5}, {"font_size": 301}, {"outline_width": 20.1}, {"outline_width": float("nan")},
        {"shadow_offset": -1.0},
    ],
)  # fmt: skip
def test_bounds(changes: dict[str, Any]) -> None:
    with pytest.raises(OutOfRangeError):
        look(msgspec.structs.replace(CaptionStyle(), **changes), 100, 100)


def test_the_regular_upright_face_of_a_family_is_found() -> None:
    fonts = Catalogue.parsed(LISTING)
    assert len(LISTED) == 9
    assert sorted(fonts.faces) == [
        "noto sans cjk jp", "noto sans cjk sc", "noto sans hebrew", "noto serif hebrew", "plain sans",
    ]  # fmt: skip
    plain = fonts.face("PLAIN sans")
    assert plain is not None
    assert plain.file == "/plain.ttf"


@pytest.mark.parametrize(
    ("text", "language", "family"),
    [
        ("Hi", "en", "Plain Sans"),
        ("中", "en", "Plain Sans"),
        ("中文", "zh", "Noto Sans CJK SC"),
        ("中文", "und", "Noto Sans CJK SC"),
        ("中文", "ja", "Noto Sans CJK JP"),
        ("文かな", "und", "Noto Sans CJK JP"),
        ("שלום", "he", "Noto Sans Hebrew"),
        ("A\u200dא", "he", "Plain Sans"),
        ("\U0001f600", "en", "Plain Sans"),
    ],
)
def test_the_font_that_has_the_letters_is_chosen(text: str, language: str, family: str) -> None:
    fonts = Catalogue.parsed(LISTING)
    wanted = fonts.face("Plain Sans")
    assert wanted is not None
    assert fonts.chosen(text, wanted, language).family == family


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("zh", "SC"), ("zh-CN", "SC"), ("zh-Hans-TW", "SC"), ("zh-TW", "TC"), ("zh-Hant", "TC"),
        ("zh-Hant-TW", "TC"), ("zh-Hant-HK", "HK"), ("zh-HK", "HK"), ("yue-Hant-HK", "HK"), ("ja-JP", "JP"),
    ],
)  # fmt: skip
def test_chinese_characters_in_the_forms_of_a_region(language: str, forms: str) -> None:
    line = next(line for line in LISTING.splitlines() if "CJK SC" in line)
    others = [line.replace("CJK SC", f"CJK {each}") for each in ("SC", "TC", "HK", "JP", "KR")]
    fonts = Catalogue.parsed("\n".join([LISTING, *others]))
    wanted = fonts.face("Plain Sans")
    assert wanted is not None
    assert fonts.chosen("中文", wanted, language).family == f"Noto Sans CJK {forms}"


def test_programs_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from libs.media.captions import installed

    monkeypatch.setattr("shutil.which", lambda _: None)
    installed.installed.cache_clear()
    with pytest.raises(UnavailableError, match="fc-list"):
        installed.installed()
