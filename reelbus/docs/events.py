"""`docs/events.md`: everything on the bus, who says it and who hears it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, TypeVar, get_args

from libs.contracts.base import Event, Method, Signal
from libs.contracts.registry import DOCUMENTS, Kind, declarations, messages
from libs.contracts.streams import STREAMS, service_tasks
from libs.contracts.tasks import LANES, SERVICE_OF, Task, TaskSpec
from reelbus.docs.usage import Usage
from reelbus.docs.words import anchor, doc_of, field_table, named_types, table, type_words

_HEAD = """\
# What is on the bus

<!-- Generated from libs/contracts and the services by `reelbus docs build`. Do not edit: run `make docs`. -->

Payloads are JSON. Readers ignore fields that they do not know and fill in defaults; they are strict about
types (`"17"` is not 17). The JSON Schema of each message lies in
[`libs/contracts/schemas`](../libs/contracts/schemas), the whole as AsyncAPI in
[`api/asyncapi.json`](api/asyncapi.json).
"""

D = TypeVar("D", bound=Event[Any] | Signal[Any] | Method[Any])


def page(usage: Usage) -> str:
    """The whole page."""
    lines = [_HEAD, *_streams(usage), *_overview(usage)]
    lines += ["## Events", "", "Facts on the stream `EVENTS`: at least once, to every consumer.", ""]
    for constant, event in _all(Event):
        lines += _message(event.subject, event.type, constant, usage)
    lines += ["## Signals", "", "Disposable messages on core NATS: nothing is stored, nobody misses one.", ""]
    for constant, signal in _all(Signal):
        lines += _message(signal.subject, signal.type, constant, usage)
    lines += ["## Calls", "", 'NATS request/reply. A reply is `{"type": "ok", "value": …}` or an error,']
    lines += [f"{_link('RpcError')}.", ""]
    for constant, method in _all(Method):
        lines += _call(constant, method, usage)
    return "\n".join([*lines, *_tasks(usage), *_documents(), *_types()]).rstrip() + "\n"


def _all(kind: type[D]) -> list[tuple[str, D]]:
    found = [(name, value) for name, value in declarations().items() if isinstance(value, kind)]
    return sorted(found, key=lambda pair: pair[1].subject)


def _streams(usage: Usage) -> list[str]:
    rows = []
    for stream in STREAMS:
        subjects = ", ".join(f"`{subject}`" for subject in stream.subjects)
        days = f"{stream.max_age_s / 86_400:g} days"
        rows.append((f"`{stream.name}`", subjects, stream.retention.value, days, _who(usage, stream.name)))
    head = ("Stream", "Subjects", "Retention", "Kept for", "Consumed whole by")
    return ["## Streams", "", *table(head, rows), ""]


def _who(usage: Usage, constant: str) -> str:
    return _people(usage.receivers.get(constant, set()))


def _people(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "–"


def _overview(usage: Usage) -> list[str]:
    rows = [
        (
            f"[`{value.subject}`](#{anchor(value.subject)})",
            "call" if isinstance(value, Method) else type(value).__name__.lower(),
            _people(usage.senders[constant]),
            _people(usage.receivers[constant]),
        )
        for constant, value in sorted(declarations().items(), key=lambda pair: pair[1].subject)
    ]
    for kind, service in SERVICE_OF.items():
        link = f"[`{service_tasks(service)}`](#tasks): {kind.__name__}"
        rows.append((link, "task", _people(usage.planners), _people(usage.workers[kind.__name__])))
    return ["## At a glance", "", *table(("Subject", "Kind", "From", "To"), rows), ""]


def _message(subject: str, kind: Any, constant: str, usage: Usage) -> list[str]:
    version = [f"Version {subject.rpartition('.v')[2]} · "] if ".v" in subject else [""]
    route = f"{_people(usage.senders[constant])} → {_people(usage.receivers[constant])}"
    return [
        f"### `{subject}`",
        "",
        f"{version[0]}`{constant}` · {route}",
        "",
        *_paragraph(doc_of(kind)),
        *field_table(kind),
        "",
    ]


def _call(constant: str, method: Method[Any], usage: Usage) -> list[str]:
    route = f"{_people(usage.senders[constant])} → {_people(usage.receivers[constant])}"
    return [
        f"### `{method.subject}`",
        "",
        f"`{constant}` · {route} · answers {type_words(method.reply)} within {method.timeout:g} s",
        "",
        *_paragraph(doc_of(method.request)),
        *field_table(method.request),
        "",
    ]


def _tasks(usage: Usage) -> list[str]:
    lanes = " and ".join(f"`{lane}`" for lane in LANES)
    lines = ["## Tasks", "", f"On the stream `TASKS` under `tasks.<service>.<lane>`, lanes {lanes}.", ""]
    lines += [*_paragraph(doc_of(Task)), *field_table(Task), ""]
    rows = [
        (
            type_words(kind),
            f"`{kind.__struct_config__.tag}`",
            _people(usage.planners),
            _people(usage.workers[kind.__name__]),
            " ".join(doc_of(kind).split()),
        )
        for kind in get_args(TaskSpec)
    ]
    return [*lines, *table(("Spec", "Tag", "From", "To", "What"), rows), ""]


def _documents() -> list[str]:
    rows = [(f"`{each.name}`", type_words(each.type), each.where) for each in DOCUMENTS]
    return ["## Stored documents", "", *table(("Document", "Type", "Where"), rows), ""]


def _types() -> Iterator[str]:
    """Every type that is not shown in full above."""
    shown = {Task.__name__} | {
        message.type.__name__
        for message in messages()
        if message.kind in (Kind.EVENT, Kind.SIGNAL, Kind.REQUEST)
    }
    found: dict[str, Any] = {}
    for message in messages():
        named_types(message.type, found)
    yield from ("## Types", "")
    for name in sorted(found.keys() - shown):
        if name == "Ok":
            continue
        yield from (f"### {name}", "", *_paragraph(_documentation(found[name])))
        yield from (*_body(found[name]), "")


def _documentation(kind: Any) -> str:
    return "" if issubclass(kind, Enum) else doc_of(kind)


def _body(kind: Any) -> list[str]:
    if issubclass(kind, Enum):
        return ["One of " + ", ".join(f"`{each.value}`" for each in kind) + "."]
    return field_table(kind)


def _paragraph(text: str) -> list[str]:
    return [text, ""] if text else []


def _link(name: str) -> str:
    return f"[{name}](#{anchor(name)})"
