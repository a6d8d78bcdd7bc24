"""The head of an answer: whether it is what was asked for, and what it says of the body. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from libs.chassis.fetch.urls import away
from libs.contracts.errors import InvalidInputError, ReelbusError, TooLargeError

REDIRECTS = (301, 302, 303, 307, 308)
UNKNOWN_TYPE = "application/octet-stream"

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
_EXTENDED_NAME = re.compile(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[\w-]*'([^\s;]+)", re.IGNORECASE)
_QUOTED_NAME = re.compile(r'filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BARE_NAME = re.compile(r'filename\s*=\s*([^\s";]+)', re.IGNORECASE)
_MAX_NAME = 1000
_MAX_DIGITS = 20
_LATER = (408, 425, 429)


@dataclass(frozen=True)
class Head:
    """`length` is what the server declares; the name and the type are what it says of the file."""

    name: str
    content_type: str
    length: int | None


class Headers:
    """Headers by lower-case name, as text."""

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        self._pairs = [(name.lower(), value) for name, value in pairs]

    def all(self, name: bytes) -> list[bytes]:
        return [value.strip() for key, value in self._pairs if key == name]

    def first(self, name: bytes) -> str:
        return next((value.decode("latin-1") for value in self.all(name)), "")


def bad_answer(message: str) -> InvalidInputError:
    return InvalidInputError(message, error_code="URL_BAD_ANSWER")


def too_large(max_size: int) -> TooLargeError:
    return TooLargeError(f"The file is larger than the limit of {max_size} bytes.")


def location(headers: Headers) -> bytes:
    """Where a redirect leads."""
    found = headers.all(b"location")
    if len(found) != 1:
        raise bad_answer("The URL redirects nowhere.")
    return found[0]


def head(status: int, headers: Headers, path: str, *, max_size: int) -> Head:
    """What is coming, or the error that is the answer. `path` names what the server does not."""
    if status != 200:
        raise _refusal(status)
    if any(value.lower() not in (b"", b"identity") for value in headers.all(b"content-encoding")):
        raise bad_answer("The server sends the file compressed, which it was asked not to do.")
    length = None if headers.all(b"transfer-encoding") else _length(headers)
    if length is not None and length > max_size:
        raise too_large(max_size)
    kind = headers.first(b"content-type").split(";")[0].strip().lower()
    return Head(
        name=_name(headers.first(b"content-disposition")) or unquote(urlsplit(path).path.rsplit("/", 1)[-1]),
        content_type=kind if _TYPE.fullmatch(kind) else UNKNOWN_TYPE,
        length=length,
    )


def _refusal(status: int) -> ReelbusError:
    if status >= 500 or status in _LATER:
        return away(f"The server of the URL answers {status}.")
    if 400 <= status < 500:
        return InvalidInputError(f"The server of the URL answers {status}.", error_code="URL_REFUSED")
    return bad_answer(f"The server of the URL answers {status}.")


def _length(headers: Headers) -> int | None:
    text = headers.first(b"content-length")
    return int(text) if text.isdecimal() and len(text) <= _MAX_DIGITS else None


def _name(disposition: str) -> str:
    """The file name of a `Content-Disposition` (RFC 6266); empty when there is none."""
    disposition = disposition[:_MAX_NAME]
    if found := _EXTENDED_NAME.search(disposition):
        return unquote(found[1])
    if found := _QUOTED_NAME.search(disposition):
        return _utf8(re.sub(r"\\(.)", r"\1", found[1]))
    return _utf8(found[1]) if (found := _BARE_NAME.search(disposition)) else ""


def _utf8(text: str) -> str:
    """Names that servers send as bare UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
