"""Which part of the URL space a path lies in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class ByPrefix(Generic[T]):
    """A value for every path: that of the longest prefix in whole segments (`/prepare` is one of
    `/prepare/x`, not of `/prepared`), else `default`."""

    def __init__(self, default: T, prefixes: Mapping[str, T]) -> None:
        self._default = default
        self._prefixes = sorted(prefixes.items(), key=lambda item: len(item[0]), reverse=True)

    def of(self, path: str) -> T:
        """`path` as a client wrote it: empty segments do not count, as in routing."""
        plain = "".join(f"/{part}" for part in path.split("/") if part)
        for prefix, value in self._prefixes:
            if plain == prefix or plain.startswith(f"{prefix}/"):
                return value
        return self._default
