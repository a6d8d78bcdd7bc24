"""Serving bytes over HTTP: ranges, conditions, HEAD (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Stream

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII | re.IGNORECASE)
_UNQUOTED = re.compile(r"[^A-Za-z0-9 !#$&'()+,.;=@^_`{}~-]")
_MAX_DIGITS = 19
"""Digits of the largest number that is told from others: no content is as large."""


@dataclass(frozen=True)
class Content:
    """What is served: `read(offset, length)` yields bytes, `etag` is without quotes."""

    size: int
    etag: str
    content_type: str
    read: Callable[[int, int], AsyncIterator[bytes]]


def content_of(data: bytes, etag: str, content_type: str) -> Content:
    """Content that is in memory."""

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        yield data[offset : offset + length]

    return Content(len(data), etag, content_type, read)


class UnsatisfiableError(Exception):
    """The range lies outside of the content."""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Offset and length of a single byte range within `size` bytes; `None` when the header is to be
    ignored (other units, several ranges, nonsense). Raises `UnsatisfiableError`."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(_number(found[2]), size)
        if length == 0:
            raise UnsatisfiableError
        return size - length, length
    first = _number(found[1])
    last = _number(found[2]) if found[2] else max(first, size - 1)
    if last < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    return first, min(last, size - 1) - first + 1


def _number(digits: str) -> int:
    """The value of `digits`, however many a client sends."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MAX_DIGITS else 10**_MAX_DIGITS


def serve(request: Request[Any, Any, Any], content: Content, **extra: str) -> Response[Any]:
    """The answer to a GET or HEAD for `content`: 200, 206 or 304; 200 to any other method. `extra` headers
    have `_` for `-` in their names. Raises `HTTPException` with 416."""
    etag = f'"{content.etag}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-cache",
        "Content-Type": content.content_type,
        "X-Content-Type-Options": "nosniff",
        **{name.replace("_", "-"): value for name, value in extra.items()},
    }
    if request.method in ("GET", "HEAD") and _matches(request.headers.get("if-none-match"), etag):
        return Response(b"", status_code=304, headers=headers)
    status, offset, length = 200, 0, content.size
    wanted = request.headers.get("range") if request.method == "GET" else None  # defined for GET alone
    if wanted and request.headers.get("if-range", etag) == etag:
        try:
            part = parse_range(wanted, content.size)
        except UnsatisfiableError as error:  # answered in the envelope of the route's family
            raise HTTPException(
                status_code=416,
                detail="The requested range lies outside of the file.",
                headers={"Content-Range": f"bytes */{content.size}"},
            ) from error
        if part is not None:
            status, (offset, length) = 206, part
            headers["Content-Range"] = f"bytes {offset}-{offset + length - 1}/{content.size}"
    headers["Content-Length"] = str(length)
    if request.method == "HEAD":
        return Response(b"", status_code=status, headers=headers)
    return Stream(
        content.read(offset, length) if length else content_of(b"", "", "").read(0, 0),
        status_code=status,
        headers=headers,
    )


def attachment(name: str) -> str:
    """`Content-Disposition` of a file to be saved as `name` (RFC 6266, section 4.1)."""
    plain = _UNQUOTED.sub("_", name)
    return f'attachment; filename="{plain}"' + (
        "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    )


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    candidates = [value.strip().removeprefix("W/") for value in header.split(",")]
    return "*" in candidates or etag in candidates
