"""Types and their documentation in words, for the pages."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from libs.contracts.base import Message

_PLAIN = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    UUID: "uuid",
    datetime: "time (RFC 3339)",
    type(None): "null",
    Any: "anything",
}


def doc_of(kind: Any) -> str:
    """The docstring of a message type, or of the nearest type that it says more about than `Message`."""
    for each in getattr(kind, "__mro__", ()):
        if each in (Message, msgspec.Struct):
            break
        if each.__doc__:
            return inspect.cleandoc(each.__doc__)
    return ""


def type_words(kind: Any) -> str:
    """A type as JSON has it; message types and enums are links to their place on the page."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (list, tuple, set, frozenset):
        return f"list of {type_words(arguments[0])}"
    if origin is dict:
        return f"map of {type_words(arguments[1])}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(type_words(each) for each in arguments)
    if origin is typing.Annotated:
        return type_words(arguments[0])
    name = kind.__name__
    return f"[{name}](#{anchor(name)})"


def anchor(heading: str) -> str:
    """How GitHub names a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def named_types(kind: Any, found: dict[str, Any] | None = None) -> dict[str, Any]:
    """Every message type and enum within `kind` and itself, by name."""
    found = {} if found is None else found
    if isinstance(kind, type) and issubclass(kind, (msgspec.Struct, Enum)):
        if kind.__name__ in found:
            return found
        found[kind.__name__] = kind
        parts: Iterator[Any] = iter(())
        if issubclass(kind, msgspec.Struct):
            parts = (field.type for field in msgspec.structs.fields(kind))
    else:
        parts = iter(typing.get_args(kind))
    for part in parts:
        named_types(part, found)
    return found


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Lines of a Markdown table."""
    cells = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(each.replace("|", "\\|") for each in row) + " |" for row in cells]


def field_table(kind: type[msgspec.Struct]) -> list[str]:
    """The fields of a struct, its tag first."""
    rows = []
    config = kind.__struct_config__
    if config.tag is not None:
        rows.append((f"`{config.tag_field}`", f'always `"{config.tag}"`', "required"))
    rows += [
        (f"`{field.encode_name}`", type_words(field.type), _default(field))
        for field in msgspec.structs.fields(kind)
    ]
    return table(("Field", "Type", "Default"), rows) if rows else ["No fields."]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        return f"`{msgspec.json.encode(field.default).decode()}`"
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{msgspec.json.encode(field.default_factory()).decode()}`"
    return "required"
