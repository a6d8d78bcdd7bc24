"""Fields of a JSON object, judged all at once: what is wrong is noted under its path. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_REQUIRED = "Value is required"
_MAX_NAME = 100


class Fields:
    """The fields of `values`, an object at `path`; what is null is missing. Readers answer `None` for what is
    missing or not valid, and note the latter in `problems`, the first one of each path."""

    def __init__(self, values: Any, problems: dict[str, str], path: str = "") -> None:
        self.problems = problems
        self.path = path
        if not isinstance(values, dict):
            self.note("", "Value must be an object")
            values = {}
        self.values: dict[str, Any] = values

    def note(self, name: str, problem: str) -> None:
        """Something is wrong with the field `name` (empty: with the object)."""
        self.problems.setdefault(self.of(name) or "body", problem)

    def of(self, name: str) -> str:
        """The path of the field `name`."""
        shown = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"
        return f"{self.path}.{shown}" if self.path and shown else self.path + shown

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, *, most: int = 200) -> str | None:
        """1 to `most` characters."""
        found = self.values.get(name)
        if found is None:
            return None
        if not isinstance(found, str):
            self.note(name, "Value must be a string")
            return None
        if not found.strip() or len(found) > most:
            self.note(name, f"Value must have 1 to {most} characters")
            return None
        return found

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        found = self.values.get(name)
        if found is None:
            return None
        if not isinstance(found, str) or found not in choices:
            self.note(name, f"Value must be one of {', '.join(choices)}")
            return None
        return found

    def matching(self, name: str, pattern: re.Pattern[str], words: str) -> str | None:
        """A text that the whole `pattern` matches; `words` say what it is."""
        found = self.values.get(name)
        if found is None:
            return None
        if not isinstance(found, str) or not pattern.fullmatch(found):
            self.note(name, f"Value must be {words}")
            return None
        return found

    def number(self, name: str, least: float, most: float, unit: str = "") -> float | None:
        found = self.values.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            self.note(name, "Value must be a number")
            return None
        if not least <= found <= most:
            self.note(name, f"Value must be between {least:g} and {most:g} {unit}".rstrip())
            return None
        return float(found)

    def whole(self, name: str, least: int, most: int, unit: str = "", *, even: bool = False) -> int | None:
        """A number without a fraction, perhaps an even one; 24.0 is one too."""
        found = self.number(name, least, most, unit)
        if found is None:
            return None
        if found % (2 if even else 1):
            kind = "an even number" if even else "a whole number"
            self.note(name, f"Value must be {kind} between {least} and {most} {unit}".rstrip())
            return None
        return int(found)

    def items(self, name: str, *, most: int, noun: str) -> list[tuple[str, Any]]:
        """The values of an array with their paths: the first `most` of them, of which more are a problem;
        none when it is missing."""
        found = self.values.get(name)
        if found is None:
            return []
        if not isinstance(found, list):
            self.note(name, "Value must be an array")
            return []
        if len(found) > most:
            self.note(name, f"At most {most} {noun} are allowed")
        return [(f"{self.of(name)}[{index}]", each) for index, each in enumerate(found[:most])]

    def inner(self, name: str) -> Fields:
        """The fields of an object; none when it is missing."""
        found = self.values.get(name)
        return Fields({} if found is None else found, self.problems, self.of(name))

    def require(self, name: str) -> None:
        if not self.has(name):
            self.note(name, _REQUIRED)
