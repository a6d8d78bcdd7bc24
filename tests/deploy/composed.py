"""`docker-compose.yml` as data: what Compose makes of it without any variable set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(:?)-([^}]*)\}")


@cache
def compose() -> dict[str, Any]:
    """The file with defaults in place of variables. Raises `AssertionError` for a variable without one."""
    return interpolated({})


def interpolated(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file as Compose reads it with these variables: `${A-b}` is `b` where there is no A, `${A:-b}` also
    where A is empty."""
    document: dict[str, Any] = _interpolated(yaml.safe_load(FILE.read_text()), variables)
    return document


def _interpolated(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _interpolated(each, variables) for name, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, variables) for each in value]
    if not isinstance(value, str):
        return value

    def default(found: re.Match[str]) -> str:
        name, colon, text = found.groups()
        given = variables.get(name)
        return text if given is None or (colon and not given) else given

    text = _VARIABLE.sub(default, value)
    assert "${" not in text, "a variable without a default is a step before `docker compose up`"
    return text


def containers() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def mounts(name: str) -> dict[str, str]:
    """Where in a container each named volume or path of the host is."""
    parts = [each.split(":") for each in containers()[name].get("volumes", [])]
    return {each[0]: each[1] for each in parts if len(each) > 1}


def after(name: str) -> dict[str, str]:
    """What must be so before this container starts."""
    return {other: each["condition"] for other, each in containers()[name].get("depends_on", {}).items()}
