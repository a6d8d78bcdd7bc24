"""Names that users give, and keys that storage gets."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.naming import display_name, extension, upload_key

ASSET = UUID(int=7)
FOLDER = f"uploads/{ASSET}/"
SAFE = re.compile(r"[A-Za-z0-9._/-]+")
HOSTILE = [
    "../../etc/passwd",
    "..\\..\\windows\\system32\\cmd.exe",
    "/etc/passwd",
    "C:\\movie.mp4",
    "a\x00b.mp4",
    "\x00",
    "holiday\u202e4pm.exe",
    "a" * 300,
    "a" * 300 + ".mp4",
    "a" * 79 + ".b.mp4",
    "clip." + "x" * 300,
    ".",
    "..",
    "...",
    ". . .",
    "a..b.mp4",
    "a...mp4",
    "..mp4",
    ".mp4",
    "mp4.",
    "",
    "   ",
    "/",
    "//",
    "a/",
    "🎬🎥.mp4",
    "🎬",
    "фильм.mkv",
    "e\u0301te\u0301.mov",
    "movie.mp4\n",
    "movie.mp4?x=1#y",
    "%2e%2e%2fpasswd",
    "a;rm -rf ~.mp4",
    "CON",
    "-rf.mp4",
    "\ud800.mp4",
    "movie.MP٤",
]


def check_key(key: str) -> None:
    assert SAFE.fullmatch(key)
    assert ".." not in key
    assert key.startswith(FOLDER)
    name = key.removeprefix(FOLDER)
    assert name
    assert "/" not in name
    assert not name.startswith((".", "-"))
    assert not name.endswith(".")
    assert len(name) <= 100


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_make_safe_keys(name: str) -> None:
    check_key(upload_key(ASSET, display_name(name)))
    check_key(upload_key(ASSET, name))


@given(st.text() | st.text(alphabet="./\\ab-_ \x00\u202e", max_size=120))
def test_any_name_makes_a_safe_key(name: str) -> None:
    check_key(upload_key(ASSET, name))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("My Holiday (1).MOV", "My_Holiday_1.mov"),
        ("archive.tar.gz", "archive.tar.gz"),
        ("noextension", "noextension"),
        ("фильм.mkv", "original.mkv"),
        ("..", "original"),
    ],
)
def test_honest_names_stay_readable(name: str, key: str) -> None:
    assert upload_key(ASSET, name) == FOLDER + key


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("C:\\fake path\\film.mp4", "film.mp4"),
        ("../../x.mp4", "x.mp4"),
        ("e\u0301.mp4", "é.mp4"),
        ("a\x00\x1b[31mb.mp4", "a[31mb.mp4"),
        ("holiday\u202e4pm.exe", "holiday4pm.exe"),
        ("🎬.mp4", "🎬.mp4"),
        ("", "upload"),
        ("dir/", "upload"),
        ("\u200b", "upload"),
        ("  x  ", "x"),
    ],
)
def test_display_names(name: str, shown: str) -> None:
    assert display_name(name) == shown


@given(st.text())
def test_any_display_name_is_one_clean_line(name: str) -> None:
    shown = display_name(name)
    assert 1 <= len(shown) <= 255
    assert "/" not in shown
    assert "\\" not in shown
    assert all(unicodedata.category(char)[0] != "C" for char in shown)
    assert display_name(shown) == shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.MP4", "mp4"),
        ("a", ""),
        (".mp4", ""),
        ("a.", ""),
        ("a.m p4", ""),
        ("a." + "x" * 11, ""),
        ("a.٤", ""),
    ],
)
def test_extensions(name: str, expected: str) -> None:
    assert extension(name) == expected
