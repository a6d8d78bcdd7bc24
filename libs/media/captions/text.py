"""Text that nobody vouches for, made plain; and what its characters mean to lines and fonts."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from html.entities import html5

from libs.contracts.errors import MediaError

_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,500}>|</?>|<\d[\d:.]{0,20}>|\{\\[^{}]{0,500}\}")
"""Tags of SubRip and WebVTT, times inside of a WebVTT cue, and overrides of ASS."""
_REFERENCE = re.compile(r"&(#[0-9]{1,9};|#[xX][0-9A-Fa-f]{1,8};|[A-Za-z][A-Za-z0-9]{1,31};)")
"""To a character of HTML. With its semicolon: without one, `a=1&copy=2` may be meant."""
_WINDOWS = {
    byte: letter for byte in range(0x80, 0xA0) if (letter := bytes([byte]).decode("cp1252", errors="ignore"))
}
"""What Windows-1252 has where Latin-1 has controls; five bytes it does not have either."""
_ASS_BREAK, _ASS_SPACE = re.compile(r"\\[Nn]"), re.compile(r"\\h")
_JOINERS = "\u200c\u200d"
"""The invisible characters that shape the letters around them."""

OPENING = frozenset("([{«‹“‘¿¡「『（〔［｛〈《【〖〘“‘")
CLOSING = frozenset(
    ".,;:!?%)]}»›”’…、。，．：；！？」』）〕］｝〉》】〗〙ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ・～ๆฯะาำ"
)
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
"""Of Thai and Lao: written before the consonant that they belong to."""


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 where it says so or is so, and Windows-1252 otherwise. Raises
    `MediaError` when it cannot be text."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise MediaError("The captions are declared to be UTF-16, and are not.") from error
    if b"\0" in data:
        raise MediaError("The captions are not a text file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1").translate(_WINDOWS)


def without_markup(text: str) -> str:
    """`text` without the tags of subtitle formats, its references to characters as what they stand for: also
    those of SubRip, which has none, but is often made from formats that have. What they stand for is no
    markup, but may be a character that `clean` takes out."""
    text = _ASS_SPACE.sub(" ", _ASS_BREAK.sub("\n", _MARKUP.sub("", text)))
    return _REFERENCE.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    """What is not known stays, where HTML would look whether its name begins like one that is."""
    name = found[1]
    return html.unescape(found[0]) if name.startswith("#") or name in html5 else found[0]


def clean(text: str) -> str:
    """`text` in its composed form, without controls and without characters that turn the direction of
    others around; breaks of lines are `\\n`, other white space is single spaces."""
    composed = unicodedata.normalize("NFC", re.sub(r"\r\n?|\x0b|\x0c|\x85|\u2028|\u2029", "\n", text))
    kept = (" " if char.isspace() and char != "\n" else char for char in composed if _kept(char))
    lines = (" ".join(line.split()) for line in "".join(kept).split("\n"))
    return "\n".join(line for line in lines if line)


def _kept(char: str) -> bool:
    if char.isspace() or char in _JOINERS:
        return True
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"} and not invisible(char)


def invisible(char: str) -> bool:
    """Whether a font needs no letter for `char` (joiners, selectors of variants)."""
    return char in _JOINERS or "\ufe00" <= char <= "\ufe0f" or char == "\u2060"


@lru_cache(maxsize=8192)
def unspaced(char: str) -> bool:
    """Whether the writing of `char` puts no spaces between words."""
    code = ord(char)
    return (
        0x0E00 <= code <= 0x0EFF  # Thai, Lao
        or 0x1000 <= code <= 0x109F  # Burmese
        or 0x1780 <= code <= 0x17FF  # Khmer
        or (0x2E80 <= code <= 0x9FFF and code != 0x3000)  # CJK, kana
        or 0xF900 <= code <= 0xFAFF
        or 0xFF01 <= code <= 0xFFEF
        or 0x20000 <= code <= 0x3FFFF
    )


def columns(text: str) -> int:
    """How wide a terminal would show `text`: wide characters count two, marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def right_to_left(text: str) -> bool:
    """The direction of the first character that has one."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in {"R", "AL"}:
            return True
        if direction == "L":
            return False
    return False


def unbreakable(word: str, longest: int = 64) -> list[str]:
    """`word`, which has no spaces, in the parts between which a line may be broken: one, unless it is of a
    writing without spaces, or longer than `longest` characters."""
    parts: list[str] = []
    for char in word:
        if parts and (_held(parts[-1][-1], char) and len(parts[-1]) < longest):
            parts[-1] += char
        else:
            parts.append(char)
    return parts


def _held(before: str, char: str) -> bool:
    if unicodedata.category(char) in {"Mn", "Mc"} or invisible(char) or invisible(before):
        return True
    if char in CLOSING or before in OPENING or before in _LEADING_VOWELS:
        return True
    return not (unspaced(before) or unspaced(char))


def ends_sentence(word: str) -> bool:
    """Whether a sentence ends with `word`."""
    return word.rstrip("\"'”’»)]」』）")[-1:] in tuple(".!?…。！？؟।॥")
