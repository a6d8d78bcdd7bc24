"""Small bodies of requests, whatever somebody sends in their place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from libs.contracts.errors import InvalidInputError
from services.edge.forms import parts

MAX_BODY = 1 << 20
"""Bytes of such a body at most; for `request_max_body_size` of routes."""
_TIME = 30.0
_MAX_FIELDS = 64
_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

AnyRequest = Request[Any, Any, Any]


async def json_object(request: AnyRequest) -> dict[str, Any]:
    """The object in the body, whatever type it is declared as: `curl -d` calls everything a form. Raises
    `InvalidInputError` for what is none, or does not come within 30 s."""
    return parse_object(await body_of(request))


async def form_fields(request: AnyRequest) -> dict[str, str]:
    """The text fields of a form of either kind; of equal names the last counts. Raises `InvalidInputError`
    for what is no form, has more than 64 fields, or does not come within 30 s."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _MULTIPART:
        form = parts(request.stream(), content_type, max_size=MAX_BODY, max_parts=_MAX_FIELDS)
        async with _soon():
            return {part.name: await part.text() async for part in form if part.filename is None}
    if kind != _URLENCODED:
        raise InvalidInputError(f"The request must be {_URLENCODED} or {_MULTIPART}.")
    text = (await body_of(request)).decode(errors="replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError as error:
        raise InvalidInputError("The form has too many fields.") from error


async def body_of(request: AnyRequest) -> bytes:
    """All of it. Raises `InvalidInputError` when it does not come within 30 s."""
    async with _soon():
        return await request.body()


@asynccontextmanager
async def _soon() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_TIME):
            yield
    except TimeoutError as error:
        raise InvalidInputError(f"The body did not come within {_TIME:.0f} s.") from error


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises `InvalidInputError`."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError("The body is not valid JSON.") from error
    if not isinstance(found, dict):
        raise InvalidInputError("The body must be a JSON object.")
    return found
