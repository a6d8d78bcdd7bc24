"""Public paths from the names that users give."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.jobs.editor import naming

AT = datetime(2024, 9, 10, 16, 18, 24, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("video.mkv", "video"),
        ("my video (1).mp4", "my_video__1_"),
        ("휴가 영상.mp4", "휴가_영상"),
        (unicodedata.normalize("NFD", "휴가.mp4"), "휴가"),
        ("छुट्टी.mp4", "छुट्टी"),
        ("../../etc/passwd.mp4", "passwd"),
        ("..\\..\\cmd.mp4", "cmd"),
        ("a.b.c.mp4", "a_b_c"),
        ("noextension", "noextension"),
        ("a\x00b\n.mp4", "a_b_"),
        ("left\u202eright.mp4", "left_right"),
        ("x" * 300 + ".mp4", "x" * 80),
        (".mp4", "video"),
        ("....mp4", "video"),
        ("\u3164.mp4", "video"),
        ("😀.mp4", "video"),
        ("/", "video"),
        ("", "video"),
    ],
)
def test_stems(name: str, expected: str) -> None:
    assert naming.stem(name) == expected


@given(st.text(st.characters(), max_size=200))
def test_a_stem_is_safe_whatever_the_name(name: str) -> None:
    stem = naming.stem(name)
    assert 1 <= len(stem) <= 80
    assert stem == unicodedata.normalize("NFC", stem)
    assert not set(stem) & set('./\\%?#:*"<>| ')
    assert all(unicodedata.category(ch)[0] in "LMN" or ch in "_-" for ch in stem)
    assert naming.stem(f"{stem}.mp4") == stem


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.MP4", "mp4"),
        (".mp4", "mp4"),
        ("a.3gp", "3gp"),
        ("a", ""),
        ("a.", ""),
        ("a.m p", ""),
        ("a.é", ""),
        ("a.123456789", ""),
    ],
)
def test_extensions(name: str, expected: str) -> None:
    assert naming.extension(name) == expected


def test_paths_have_the_time_in_utc() -> None:
    assert naming.origin_path("clip", "mkv", AT) == "/storage/origin/clip_20240910161824.mkv"
    seoul = AT.astimezone(timezone(timedelta(hours=9)))
    assert naming.result_path("영상", "trim", "mp4", seoul) == "/storage/modi/영상_trim_20240910161824.mp4"


def test_variants_are_numbered_from_two() -> None:
    assert list(islice(naming.variants("/a/b_1.mp4"), 3)) == ["/a/b_1.mp4", "/a/b_1_2.mp4", "/a/b_1_3.mp4"]


def test_equal_paths_become_distinct_in_order() -> None:
    assert naming.distinct(["/a.mp4", "/b.mp4", "/a.mp4", "/a.mp4"], {"/a_2.mp4"}) == [
        "/a.mp4",
        "/b.mp4",
        "/a_3.mp4",
        "/a_4.mp4",
    ]


paths = st.lists(st.sampled_from(["/a.mp4", "/a_2.mp4", "/b.mp4"]), max_size=12)


@given(paths, st.sets(st.sampled_from(["/a.mp4", "/a_2.mp4", "/a_3.mp4"])))
def test_distinct_paths_are_distinct(wanted: list[str], taken: set[str]) -> None:
    chosen = naming.distinct(wanted, taken)
    assert len(set(chosen)) == len(wanted)
    assert not taken.intersection(chosen)
    assert all(
        re.sub(r"(_\d+)*\.", ".", a) == re.sub(r"(_\d+)*\.", ".", b)
        for a, b in zip(chosen, wanted, strict=True)
    )
