"""`multipart/form-data` as a stream of parts, none of them held in memory or spooled to disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from libs.contracts.errors import InvalidInputError, TooLargeError

_MAX_PARTS = 64
_MAX_FIELD = 64 << 10
_IDLE = 30.0
_LEAST_RATE = 4096
"""Bytes a second that a form must come with on average, after its first `idle` seconds."""


@dataclass
class Part:
    """One part. Read `chunks` or `text` before asking for the next part; what is left is skipped."""

    name: str
    filename: str | None
    content_type: str
    chunks: AsyncIterator[bytes]

    async def text(self) -> str:
        """A small field. Raises `InvalidInputError` when it is not small or not UTF-8."""
        data = b""
        async for chunk in self.chunks:
            data += chunk
            if len(data) > _MAX_FIELD:
                raise InvalidInputError(f"The field {self.name} is too long.")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"The field {self.name} is not UTF-8 text.") from error


async def parts(
    body: AsyncIterator[bytes],
    content_type: str,
    *,
    max_size: int,
    max_parts: int = _MAX_PARTS,
    idle: float = _IDLE,
) -> AsyncIterator[Part]:
    """The parts, `max_parts` at most, of a form of at most `max_size` bytes in all. Raises
    `InvalidInputError` for what is no such form, ends too early, or stands still for `idle` seconds;
    `TooLargeError`."""
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise InvalidInputError("The request must be multipart/form-data.")
    events = _events(_measured(body, max_size, idle), boundary, max_parts)
    async for event in events:
        if isinstance(event, MultipartSegment):
            part = Part(
                event.name or "",
                event.filename,
                event.content_type or "text/plain",
                _segment(events),
            )
            yield part
            async for _ in part.chunks:
                pass


async def _segment(events: AsyncIterator[MultipartSegment | bytes | None]) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            return
        if isinstance(event, (bytes, bytearray)):
            yield event if type(event) is bytes else bytes(event)


async def _measured(body: AsyncIterator[bytes], max_size: int, idle: float) -> AsyncIterator[bytes]:
    size, begun = 0, time.monotonic()
    while True:
        try:
            async with asyncio.timeout(idle):
                chunk = await anext(body, None)
        except TimeoutError as error:
            raise InvalidInputError(f"Nothing came for {idle:.0f} s.") from error
        if chunk is None:
            return
        size += len(chunk)
        if size > max_size:
            raise TooLargeError("The form is larger than the limit.")
        if size < _LEAST_RATE * (time.monotonic() - begun - idle):
            raise InvalidInputError("The form comes too slowly.")
        yield chunk


async def _events(
    body: AsyncIterator[bytes], boundary: str, max_parts: int
) -> AsyncIterator[MultipartSegment | bytes | None]:
    try:
        parser = PushMultipartParser(boundary, max_segment_count=max_parts)
        async for chunk in body:
            if not chunk:  # to the parser it would be the end
                continue
            for event in parser.parse(chunk):
                yield event
        parser.close()
    except MultipartError as error:
        raise InvalidInputError("The form cannot be read.") from error
