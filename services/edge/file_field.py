"""The one file of a form."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from libs.contracts.errors import InvalidInputError
from services.edge.forms import Part

FILE = "file"

_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_UNKNOWN_TYPE = "application/octet-stream"


async def file_of(form: AsyncIterator[Part]) -> Part:
    """The part named `file`, whose bytes were not read yet. An empty field of a browser has neither name nor
    content. Raises `InvalidInputError` where there is none."""
    async for part in form:
        if part.name != FILE:
            continue
        chunks = part.chunks if part.filename else await _begun(part)
        if part.filename is None or chunks is None:
            break
        known = _TYPE.fullmatch(part.content_type)
        return replace(part, chunks=chunks, content_type=part.content_type if known else _UNKNOWN_TYPE)
    raise InvalidInputError(f"The form has no file in a part named {FILE}.")


async def _begun(part: Part) -> AsyncIterator[bytes] | None:
    """The chunks of a part, if there are any."""
    async for first in part.chunks:
        if first:
            return _chained(first, part.chunks)
    return None


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
