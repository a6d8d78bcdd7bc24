"""Where a set of public keys is read: a file, or an `http(s)` URL.

It is the operator's own setting and may lie inside his network, so no address is refused. What is there is
bounded all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from libs.chassis.fetch import Fetcher, FetchRules
from libs.chassis.fetch.urls import parse
from libs.contracts.errors import InvalidInputError

Source = Callable[[], Awaitable[bytes]]
"""Reads the bytes of a key set. Raises `OSError`, `ValueError`, `ReelbusError`."""

_RULES = FetchRules(
    max_size=256 << 10,
    schemes=frozenset({"http", "https"}),
    ports=frozenset(range(1, 1 << 16)),
    max_redirects=0,
    total_limit=5.0,
)


def source_of(location: str) -> Source:
    """`location` as `parse_location` lets it through."""
    if "://" in location:
        fetcher = Fetcher(_RULES, allowed=lambda _: True)
        return lambda: _fetch(fetcher, location)
    return lambda: asyncio.to_thread(_read, Path(location))


def parse_location(text: str) -> str:
    """A path or an http(s) URL without credentials. Raises `ValueError`."""
    text = text.strip()
    if "://" in text:
        try:
            parse(text, _RULES)
        except InvalidInputError as error:
            raise ValueError(error.message) from error
    return text


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_RULES.max_size + 1)
    if len(data) > _RULES.max_size:
        raise ValueError(f"a key set has at most {_RULES.max_size} bytes")
    return data


async def _fetch(fetcher: Fetcher, url: str) -> bytes:
    async with fetcher.open(url) as file:
        return b"".join([chunk async for chunk in file.chunks])
