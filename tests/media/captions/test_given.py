"""SubRip and WebVTT as they come: sloppy, broken, hostile."""

from __future__ import annotations

from pathlib import Path

import pytest

from libs.contracts.errors import MediaError
from libs.media.captions.given import MAX_BYTES, MAX_CUES, transcript_of
from libs.media.captions.text import clean, decoded, unbreakable, without_markup
from tests.media.captions.drawing import drawn, ink, made, said

SRT = (
    "1\n00:00:01,000 --> 00:00:02,500\nHello <i>you</i>\nthere\n\n2\n0:00:03.5 --> 00:00:04\nBye {\\an8}{b}\n"
)
VTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE a --> is no time here

intro
00:01.000 --> 00:02.500 line:0 align:start
<v Roger Bingham>Fish &amp; <c.red>chips</c> 1 &lt; 2 <00:01.500>now

00:00:03.500 --> 1:00:00.000
second
"""


def texts(data: str | bytes) -> list[tuple[str, float, float]]:
    found, _ = transcript_of(data.encode() if isinstance(data, str) else data)
    return [(each.text, each.start, each.end) for each in found.utterances]


def test_subrip() -> None:
    assert texts(SRT) == [("Hello you\nthere", 1.0, 2.5), ("Bye {b}", 3.5, 4.0)]


def test_webvtt() -> None:
    assert texts(VTT) == [("Fish & chips 1 < 2 now", 1.0, 2.5), ("second", 3.5, 3600.0)]


@pytest.mark.parametrize(
    "data",
    [
        SRT.encode("utf-8-sig"),
        SRT.encode("utf-16"),
        b"\xfe\xff" + SRT.encode("utf-16-be"),
        SRT.replace("\n", "\r\n").encode(),
        SRT.replace("\n\n", "\n").encode(),
        SRT.replace("1\n00", "00").encode(),
    ],
)
def test_ways_of_writing_the_same(data: bytes) -> None:
    assert texts(data) == texts(SRT)


def test_latin_letters_of_old() -> None:
    assert texts("1\n00:00:01,000 --> 00:00:02,000\nGarçon".encode("latin-1")) == [("Garçon", 1.0, 2.0)]


def test_letters_of_windows() -> None:
    """Its quotes and dashes are where Latin-1 has controls, its ellipsis where that has the end of a line."""
    said = "It’s “fine” – no… well—€5, Šárka"
    head = b"1\n00:00:01,000 --> 00:00:02,000\n"
    assert texts(head + said.encode("cp1252")) == [(said, 1.0, 2.0)]
    assert texts(head + b"a\x81\x8d\x8f\x90\x9db \xe9") == [("ab é", 1.0, 2.0)]


@pytest.mark.parametrize("head", ["WEBVTT\n\n", "1\n"])
def test_references_to_characters(head: str) -> None:
    written = {
        "I don&#39;t &quot;know&quot; &eacute;": 'I don\'t "know" é',
        "&#x201C;a&#150;b&hellip; &nbsp;c": "“a–b… c",
        "&lt;i&gt;x&lt;/i&gt; &amp;lt; &amp;#39;": "<i>x</i> &lt; &#39;",
        "a&#8238;b&lrm;c&#x2066;d&#0;&#27;&shy;e": "abcd\ufffde",
        "R&D; AT&T a=1&copy=2 &notit; &#; &#x; &#999999999;": "R&D; AT&T a=1&copy=2 &notit; &#; &#x; \ufffd",
        f"&#{'9' * 5000};": None,
    }
    for text, plain in written.items():
        data = f"{head}00:00:01.000 --> 00:00:02.000\n{text}\n"
        if plain is None:
            with pytest.raises(MediaError, match="2000 characters"):
                texts(data)
        else:
            assert texts(data) == [(plain, 1.0, 2.0)]


def test_references_are_no_commands() -> None:
    """Neither of ASS nor of WebVTT."""
    data = b"1\n00:00:01,000 --> 00:00:02,000\n&#123;&#92;p1&#125;a&#92;Nb &lt;b&gt;\n"
    found, _ = transcript_of(data)
    assert found.utterances[0].text == "{\\p1}a\\Nb <b>"
    captions = made(640, 360, said(found, given=True))
    assert "{\\p1}" not in captions.ass
    assert "a\\Nb" not in captions.ass
    assert "&lt;b&gt;" in captions.webvtt


@pytest.mark.parametrize("end", ["\r\r\n", "\n\n", "\r\n\r\n"])
def test_lines_that_are_doubled(end: str) -> None:
    assert texts(SRT.replace("\n", end)) == texts(SRT)


def test_a_text_of_digits_with_ends_of_lines_that_are_doubled() -> None:
    data = SRT.replace("there", "42").replace("\n", "\r\r\n")
    assert texts(data)[0][0] == "Hello you\n42"
    with pytest.raises(MediaError, match="Line 7 of the captions"):
        transcript_of(data.replace("0:00:03.5", "soon").encode())


def test_out_of_order_empty_and_without_length() -> None:
    data = (
        "1\n00:00:05,000 --> 00:00:06,000\nlate\n\n2\n00:00:01,000 --> 00:00:02,000\nearly\n\n"
        "3\n00:00:03,000 --> 00:00:03,000\nnever\n\n4\n00:00:04,000 --> 00:00:03,000\nback\n\n"
        "5\n00:00:04,000 --> 00:00:05,000\n\n6\n00:00:07,000 --> 00:00:08,000\none\n\ntwo\n"
    )
    found, notes = transcript_of(data.encode())
    assert [each.text for each in found.utterances] == ["early", "late", "one\ntwo"]
    assert notes == ["2 captions end before they begin and are left out."]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no captions"),
        (b"WEBVTT\n", "no captions"),
        (b"<html><body>Not found</body></html>", "Line 1 of the captions is broken"),
        (b"#EXTM3U\n/etc/passwd\n", "Line 1 of the captions is broken"),
        (b"1\n00:00:01,000 --> soon\nHello\n", "Line 2 of the captions is broken.*soon"),
        (b"1\n99999999999:00:01,000 --> 00:00:02,000\nHello\n", "Line 2"),
        (b"\0\1\2\3", "not a text file"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n" + b"x" * 2001, "2000 characters"),
        (b" " * (MAX_BYTES + 1), "at most 16 MiB"),
        (b"00:01.0 --> 00:02.0\nx\n\n" * (MAX_CUES + 1), "at most 20000 captions"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, problem: str) -> None:
    with pytest.raises(MediaError, match=problem):
        transcript_of(data)


def test_text_is_made_plain() -> None:
    assert clean("a\u202eb\u0000c\u2066 \t d\r\n\r\n  e\u2028f ") == "abc d\ne\nf"
    assert clean("می\u200cخواهم e\u0301") == "می\u200cخواهم é"
    assert (
        without_markup("a <b>b</b> <font color='#fff'>c</font> 1 < 2 {\\i1}d{\\i0}\\Ne") == "a b c 1 < 2 d\ne"
    )
    assert decoded(b"\xef\xbb\xbfa") == "a"


def test_parts_that_lines_are_not_broken_in() -> None:
    assert unbreakable("don't-break,") == ["don't-break,"]
    assert unbreakable("「你好」。吗OK") == ["「你", "好」。", "吗", "OK"]
    assert unbreakable("สวัสดีเกม") == ["ส", "วั", "ส", "ดี", "เก", "ม"]
    assert [len(part) for part in unbreakable("x" * 150)] == [64, 64, 22]


def test_captions_that_overlap_are_shown_together_and_cut_by_their_section(tmp_path: Path) -> None:
    data = (
        "1\n00:00:00,000 --> 00:00:02,000\nfirst\n\n2\n00:00:01,000 --> 00:00:03,000\nsecond\n\n"
        "3\n00:00:03,500 --> 00:00:09,000\nthird\n\n4\n00:00:08,000 --> 00:00:09,000\nnever\n"
    )
    found, _ = transcript_of(data.encode())
    captions = made(640, 360, said(found, start=1.0, length=4.0, given=True, style="classic"))
    assert captions.subrip == (
        "1\n00:00:01,000 --> 00:00:02,000\nfirst\n\n2\n00:00:02,000 --> 00:00:03,000\nfirst\nsecond\n\n"
        "3\n00:00:03,000 --> 00:00:04,000\nsecond\n\n4\n00:00:04,500 --> 00:00:05,000\nthird\n"
    )
    times = [n / 25 for n in range(0, 150, 5)]
    seen = [bool(ink(frame).any()) for frame in drawn(captions.ass, (640, 360), times, tmp_path)]
    assert seen == [1 <= t < 4 or 4.5 <= t < 5 for t in times]
    assert captions.words == 3
    assert [(each.text, each.start, each.end) for each in captions.transcript.utterances] == [
        ("first", 1.0, 3.0), ("second", 2.0, 4.0), ("third", 4.5, 5.0),
    ]  # fmt: skip
