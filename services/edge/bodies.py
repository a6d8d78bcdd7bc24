"""JSON bodies of requests, whatever somebody sends in their place."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request

from libs.contracts.errors import InvalidInputError

MAX_BODY = 1 << 20
"""Bytes of a JSON body at most; for `request_max_body_size` of routes."""
_TIME = 30.0


async def json_object(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The object in the body, whatever type it is declared as: `curl -d` calls everything a form. Raises
    `InvalidInputError` for what is none, or does not come within 30 s."""
    try:
        async with asyncio.timeout(_TIME):
            body = await request.body()
    except TimeoutError as error:
        raise InvalidInputError(f"The body did not come within {_TIME:.0f} s.") from error
    return parse_object(body)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises `InvalidInputError`."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError("The body is not valid JSON.") from error
    if not isinstance(found, dict):
        raise InvalidInputError("The body must be a JSON object.")
    return found
