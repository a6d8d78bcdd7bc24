"""Everything that is written on the wire or kept at rest, gathered from the declarations.

Events, signals and calls are found by looking at every module of this package, so that a new constant is
in without a word. Tasks and stored documents have no constants: they are listed here, and a test proves
that no message type is out of reach of this registry.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import libs.contracts
from libs.contracts.base import Event, Method, Signal
from libs.contracts.captions import Transcript
from libs.contracts.editor import Edit
from libs.contracts.graph import Node
from libs.contracts.jobs import JobSpec
from libs.contracts.media import MediaInfo, Metadata
from libs.contracts.rpc import reply_type
from libs.contracts.tasks import Task, TaskResult

Declaration = Event[Any] | Signal[Any] | Method[Any]


class Kind(Enum):
    """What carries a message, which decides who may be older: its reader or its writer."""

    EVENT = "event"
    SIGNAL = "signal"
    REQUEST = "request"
    REPLY = "reply"
    TASK = "task"
    DOCUMENT = "document"


@dataclass(frozen=True)
class WireMessage:
    """One thing with a JSON form. `name` is unique and names its golden schema; `declared` is the constant
    that it comes from, empty for tasks and documents."""

    name: str
    kind: Kind
    type: Any
    declared: str = ""


@dataclass(frozen=True)
class Document:
    """JSON that lies in a database or in storage, and is read again by later versions."""

    name: str
    type: Any
    where: str


TASK = WireMessage("tasks", Kind.TASK, Task)

DOCUMENTS = (
    Document("edit", Edit, "The column `edit` of `jobs.edits`."),
    Document("graph_node", Node, "The column `node` of `jobs.videos`."),
    Document("job_spec", JobSpec, "The column `spec` of `jobs.jobs`."),
    Document("media_info", MediaInfo, "The column `info` of `ingest.assets`."),
    Document("metadata", Metadata, "Storage, `results/<fingerprint>/metadata.json`: written by analyze."),
    Document(
        "transcript", Transcript, "Storage, `results/<fingerprint>/transcript.json`: written by speech."
    ),
    Document("task_result", TaskResult, "The columns `result` of `jobs.jobs` and `jobs.results`."),
)


@cache
def declarations() -> Mapping[str, Declaration]:
    """Every event, signal and method by the name of its constant, in order of names."""
    found: dict[str, Declaration] = {}
    for module in pkgutil.iter_modules(libs.contracts.__path__, f"{libs.contracts.__name__}."):
        if module.name == __name__:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if not isinstance(value, (Event, Signal, Method)):
                continue
            if found.setdefault(name, value) != value:
                raise ValueError(f"Two different declarations are called {name}.")
    return dict(sorted(found.items()))


@cache
def messages() -> tuple[WireMessage, ...]:
    """All messages, in order of names. Raises `ValueError` when two share a name."""
    found: list[WireMessage] = [TASK]
    for constant, value in declarations().items():
        found += _of(constant, value)
    found += [WireMessage(f"document.{each.name}", Kind.DOCUMENT, each.type) for each in DOCUMENTS]
    found.sort(key=lambda message: message.name)
    names = [message.name for message in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Declared twice: {', '.join(sorted(twice))}.")
    return tuple(found)


def _of(constant: str, value: Declaration) -> list[WireMessage]:
    match value:
        case Event():
            return [WireMessage(value.subject, Kind.EVENT, value.type, constant)]
        case Signal():
            return [WireMessage(value.subject, Kind.SIGNAL, value.type, constant)]
        case Method():
            return [
                WireMessage(f"{value.subject}.request", Kind.REQUEST, value.request, constant),
                WireMessage(f"{value.subject}.reply", Kind.REPLY, reply_type(value), constant),
            ]
