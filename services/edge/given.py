"""JSON as users gave it, which is kept with their jobs and shown to them again. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_MAX_DEPTH = 8
_MAX_INTEGER = (1 << 63) - 1


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
