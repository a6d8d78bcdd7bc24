"""Fields of a JSON object, judged one after the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from services.edge.contracts.jobs.errors import invalid

_MAX_DEPTH = 8
_MAX_INTEGER = (1 << 63) - 1


class Fields:
    """The fields of `values`; what is null is missing. Every reader raises `InvalidInputError`, which names
    the field with `prefix` before it."""

    def __init__(self, values: Mapping[str, Any], prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix

    def text(self, name: str, *, most: int = 200, default: str | None = None) -> str:
        """1 to `most` characters; lines are all right."""
        found = self._found(name, default)
        if not isinstance(found, str):
            raise self._invalid(name, "Value must be a string")
        if not found.strip() or len(found) > most:
            raise self._invalid(name, f"Value must have 1 to {most} characters")
        return found

    def choice(self, name: str, choices: Sequence[str], *, default: str | None = None) -> str:
        found = self._found(name, default)
        if not isinstance(found, str) or found not in choices:
            raise self._invalid(name, f"Value must be one of {', '.join(choices)}")
        return found

    def number(self, name: str, least: float, most: float, unit: str = "", *, even: bool = False) -> float:
        """A number within bounds; an even one is whole."""
        found = self._found(name, None)
        if isinstance(found, bool) or not isinstance(found, (int, float)):  # never infinite in JSON
            raise self._invalid(name, "Value must be a number")
        if not least <= found <= most or (even and found % 2):
            kind = " an even number" if even else ""
            words = f"Value must be{kind} between {least:g} and {most:g} {unit}"
            raise self._invalid(name, words.rstrip())
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        found = self._found(name, default)
        if not isinstance(found, bool):
            raise self._invalid(name, "Value must be true or false")
        return found

    def mapping(self, name: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
        found = self._found(name, default)
        if not isinstance(found, dict):
            raise self._invalid(name, "Value must be an object")
        return found

    def inner(self, name: str) -> Fields:
        """The fields of an object; none when it is missing."""
        return Fields(self.mapping(name, {}), f"{self._prefix}{name}.")

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def _found(self, name: str, default: Any) -> Any:
        found = self._values.get(name)
        if found is None:
            found = default
        if found is None:
            raise self._invalid(name, "Value is required")
        return found

    def _invalid(self, name: str, problem: str) -> Exception:
        return invalid(self._prefix + name, problem)


def keepable(value: Any, depth: int = _MAX_DEPTH) -> bool:
    """Whether a JSON value can be stored and shown again: PostgreSQL knows no NUL in texts and writes numbers
    in full (1e300 has 301 digits then), and few readers know integers of more than 64 bits."""
    match value:
        case str():
            return "\0" not in value
        case bool() | None:
            return True
        case int() | float():
            return -_MAX_INTEGER <= value <= _MAX_INTEGER
        case list():
            return depth > 0 and all(keepable(each, depth - 1) for each in value)
        case dict():
            return depth > 0 and all("\0" not in key and keepable(value[key], depth - 1) for key in value)
    return False


def kept_size(value: Any) -> int:
    """Characters of a JSON value as PostgreSQL writes it: numbers in full, so that 5e-324 has 326."""
    match value:
        case float():
            return len(format(Decimal(repr(value)), "f"))
        case list():
            return 2 + sum(kept_size(each) + 2 for each in value)
        case dict():
            return 2 + sum(kept_size(key) + kept_size(each) + 4 for key, each in value.items())
    return len(msgspec.json.encode(value))


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, one of which was stored; 30 and 30.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if (
        isinstance(one, (int, float))
        and isinstance(other, (int, float))
        and float in (type(one), type(other))
    ):
        return float(one) == float(other)  # its digits are those of the float, its value may not be
    return bool(one == other)
