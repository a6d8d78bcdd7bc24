"""Golden JSON Schemas (draft 2020-12): one file a message, in an order that only meaning changes."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from libs.contracts.registry import WireMessage, messages

FOLDER = Path("libs/contracts/schemas")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SETS = ("required", "enum", "anyOf")

Schema = dict[str, Any]


def schema_of(message: WireMessage) -> Schema:
    """The schema of one message, complete in itself."""
    (root,), parts = msgspec.json.schema_components([message.type], ref_template="#/$defs/{name}")
    found: Schema = canonical({**root, "$schema": DIALECT, "$id": message.name, "$defs": parts})
    return found


def current() -> dict[str, Schema]:
    """The schema of every message, by name."""
    return {message.name: schema_of(message) for message in messages()}


def golden(root: Path) -> dict[str, Schema]:
    """The schemas that are kept below the checkout `root`, by name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((root / FOLDER).glob("*.json"))}


def files(schemas: Mapping[str, Schema]) -> dict[Path, str]:
    """What the golden files of these schemas hold, by path below the checkout."""
    return {FOLDER / f"{name}.json": text_of(schema) for name, schema in schemas.items()}


def text_of(document: Mapping[str, Any]) -> str:
    """The one way in which generated JSON is written."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def canonical(value: Any, key: str = "") -> Any:
    """Sorted keys and sorted sets; descriptions without the indentation of their source."""
    if isinstance(value, dict):
        return {name: canonical(value[name], name) for name in sorted(value)}
    if isinstance(value, list):
        items = [canonical(item) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if key in _SETS else items
    if key == "description" and isinstance(value, str):
        return inspect.cleandoc(value)
    return value
