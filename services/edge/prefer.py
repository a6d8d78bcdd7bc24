"""What a client prefers of our behaviour (RFC 7240)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_MAX = 1_000
"""Characters of the headers that are looked at: nobody prefers as much."""
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_ITEM = re.compile(rf'(?:{_QUOTED}|[^,"])+')
_PREFERENCE = re.compile(rf"\s*({_WORD})(?:\s*=\s*({_WORD}|{_QUOTED}))?\s*(?:;.*)?", re.ASCII | re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Patience:
    """How many `seconds` an answer may take before it becomes 202, and which preferences (for
    `Preference-Applied`) say so."""

    seconds: float
    applied: str = ""


def preferences(headers: Sequence[str]) -> dict[str, str]:
    """Names, in lower case, and values of the preferences in all `Prefer` headers of a request. The first of
    a name counts; what is malformed is left out, as are parameters."""
    found: dict[str, str] = {}
    text = ",".join(headers)
    for item in _ITEM.findall(text if len(text) <= _MAX else ""):
        if preference := _PREFERENCE.fullmatch(item):
            found.setdefault(preference[1].lower(), _value(preference[2] or ""))
    return found


def patience(headers: Sequence[str], limit: float) -> Patience:
    """By `respond-async` (at once) and `wait` (so many seconds); else `limit`, which is also the most."""
    found = preferences(headers)
    wait = int(found["wait"]) if _SECONDS.fullmatch(found.get("wait", "")) else None
    applied = [f"wait={wait}"] if wait is not None and wait <= limit else []
    if found.get("respond-async") == "":
        return Patience(min(wait or 0, limit), ", ".join(["respond-async", *applied]))
    return Patience(limit if wait is None else min(wait, limit), ", ".join(applied))


def _value(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else text
