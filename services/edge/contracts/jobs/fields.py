"""Fields of a JSON object, judged one after the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.edge.contracts.jobs.errors import invalid


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
