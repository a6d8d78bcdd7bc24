"""`docs/settings.md`: every variable that a service reads, from the settings models."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import tempfile
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

import services
from reelbus.docs.errors import DocsError
from reelbus.docs.words import table

_HEAD = """\
# Settings

<!-- Generated from the settings of the services by `reelbus docs build`. Do not edit: run `make docs`. -->

A service reads its settings from environment variables when it starts, and refuses to start when one is not
valid. What has no variable is looked for in a file of the same name in lower case (`reelbus_nats_url`) in the
folders that `REELBUS_SECRETS_DIR` names (`:` between them): that is how containers get secrets.

The embedded stack (`reelbus up`) sets addresses, credentials and ports itself and hands on the rest of your
environment: `REELBUS_LOG_LEVEL=DEBUG reelbus up`.
"""
_SIGNS: dict[type, tuple[str, str]] = {
    Ge: ("≥", "ge"),
    Gt: (">", "gt"),
    Le: ("≤", "le"),
    Lt: ("<", "lt"),
    MinLen: ("length ≥", "min_length"),
    MaxLen: ("length ≤", "max_length"),
}
_TYPES: dict[Any, str] = {str: "text", int: "integer", float: "number", bool: "boolean", Path: "path"}


@dataclass(frozen=True)
class Setting:
    """One field of a settings class: `declared_in` is the class that has it, `read_by` services."""

    declared_in: type[BaseSettings]
    name: str
    field: FieldInfo
    read_by: tuple[str, ...]

    @property
    def variable(self) -> str:
        return f"{self.declared_in.model_config.get('env_prefix', '')}{self.name}".upper()


def page() -> str:
    """The whole page."""
    lines = [_HEAD]
    found = collect(models())
    for owner in sorted({each.declared_in for each in found}, key=_rank):
        mine = [each for each in found if each.declared_in is owner]
        lines += [f"## {owner.__name__}", "", inspect.cleandoc(owner.__doc__ or ""), ""]
        lines += [*table(("Variable", "Type", "Default", "Bounds", "What", "Read by"), _rows(mine)), ""]
    return "\n".join(lines).rstrip() + "\n"


def models() -> dict[str, type[BaseSettings]]:
    """The settings class of every service. Raises `DocsError` when a service has none or several."""
    found = {}
    for module in pkgutil.iter_modules(services.__path__):
        name = f"services.{module.name}.settings"
        try:
            members = vars(importlib.import_module(name)).values()
        except ModuleNotFoundError as error:
            raise DocsError(f"The service {module.name} has no settings.py.") from error
        own = [
            each
            for each in members
            if isinstance(each, type) and issubclass(each, BaseSettings) and each.__module__ == name
        ]
        # Fragments may be declared there as well; what the service reads is the most derived class.
        last = [each for each in own if not any(each in other.__mro__[1:] for other in own)]
        if len(last) != 1:
            raise DocsError(f"{name} must declare one settings class that has everything in it.")
        found[module.name] = last[0]
    return found


def collect(classes: dict[str, type[BaseSettings]]) -> list[Setting]:
    """Every setting once per class that declares it, in the order of declaration."""
    readers: dict[tuple[type[BaseSettings], str], list[str]] = {}
    for service, model in classes.items():
        for name in model.model_fields:
            readers.setdefault((_declaring(model, name), name), []).append(service)
    return [
        Setting(owner, name, owner.model_fields[name], tuple(sorted(names)))
        for (owner, name), names in readers.items()
    ]


def _declaring(model: type[BaseSettings], name: str) -> type[BaseSettings]:
    return next(each for each in model.__mro__ if name in inspect.get_annotations(each))


def _rank(owner: type[BaseSettings]) -> tuple[bool, str]:
    """Fragments that services share come first."""
    return owner.__module__.startswith("services."), owner.__name__


def _rows(settings: list[Setting]) -> Iterator[tuple[str, ...]]:
    for each in settings:
        yield (
            f"`{each.variable}`",
            _type(each.field.annotation),
            _default(each.field),
            _bounds(each.field),
            each.field.description or "",
            ", ".join(each.read_by),
        )


def _type(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, SecretStr):
        return "secret"
    if kind in _TYPES:
        return _TYPES[kind]
    arguments = [each for each in typing.get_args(kind) if each is not type(None)]
    match typing.get_origin(kind):
        case types.UnionType | typing.Union:
            return " or ".join(_type(each) for each in arguments)
        case typing.Literal:
            return " or ".join(f"`{each}`" for each in arguments)
        case origin if origin in (list, tuple, set, frozenset, dict):
            return "JSON object" if origin is dict else f"JSON list of {_type(arguments[0])}"
    return getattr(kind, "__name__", str(kind))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        return "(hidden)" if value.get_secret_value() else "empty"
    if value is None or value == "":
        return "not set" if value is None else "empty"
    if isinstance(value, Path):
        return f"`{_portable(value)}`"
    if isinstance(value, (list, tuple, dict)):
        return f"`{json.dumps(value)}`"
    return f"`{value}`"


def _portable(path: Path) -> str:
    """The same on every machine: the system's folder for temporary files is a name here."""
    temporary = Path(tempfile.gettempdir())
    return f"$TMPDIR/{path.relative_to(temporary)}" if path.is_relative_to(temporary) else str(path)


def _bounds(field: FieldInfo) -> str:
    found = [(_SIGNS[type(bound)], bound) for bound in field.metadata if type(bound) in _SIGNS]
    return ", ".join(f"{sign} {getattr(bound, name)}" for (sign, name), bound in found)
