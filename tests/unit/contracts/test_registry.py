"""Nothing on the wire is forgotten by the registry."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import msgspec
import pytest

import libs.contracts
from libs.contracts import registry, rpc
from libs.contracts.base import Event, Message, Method, Signal
from libs.contracts.registry import Kind, declarations, messages
from libs.contracts.streams import EVENTS, STREAMS, TASKS, task_subject
from libs.contracts.tasks import LANES, SERVICE_OF, TaskSpec

FOLDER = Path(libs.contracts.__path__[0])
BASES = {"Message", "JobEvent", "TaskHeader"}
"""Types that exist to be derived from."""


def modules() -> list[ModuleType]:
    found = pkgutil.iter_modules(libs.contracts.__path__, "libs.contracts.")
    return [importlib.import_module(each.name) for each in found]


def written_constants() -> set[str]:
    """Names assigned from `Event(…)`, `Signal(…)` or `Method(…)`, as the sources have them."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            value = getattr(node, "value", None)
            if not (isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(value, ast.Call)):
                continue
            if ast.unparse(value.func).rpartition(".")[2] in ("Event", "Signal", "Method"):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {ast.unparse(target) for target in targets}
    return found


def test_every_constant_of_the_sources_is_declared() -> None:
    assert written_constants() == set(declarations())
    assert "JOB_COMPLETED" in declarations()


def test_every_constant_has_its_messages() -> None:
    by_constant: dict[str, set[Kind]] = {}
    for message in messages():
        by_constant.setdefault(message.declared, set()).add(message.kind)
    expected = {
        Event: {Kind.EVENT},
        Signal: {Kind.SIGNAL},
        Method: {Kind.REQUEST, Kind.REPLY},
    }
    for constant, value in declarations().items():
        assert by_constant[constant] == expected[type(value)], constant
    assert by_constant[""] == {Kind.TASK, Kind.DOCUMENT}


def test_every_message_type_is_within_some_message() -> None:
    """A `Message` that no event, call, task or document reaches is forgotten, or is not needed."""
    written = {
        name
        for module in modules()
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Message) and value.__module__ == module.__name__
    }
    _, parts = msgspec.json.schema_components([message.type for message in messages()])
    assert written - BASES <= set(parts), "Add it to DOCUMENTS in libs/contracts/registry.py, or delete it."


def test_methods_are_listed_where_services_find_them() -> None:
    written = {value for value in declarations().values() if isinstance(value, Method)}
    assert set(rpc.METHODS) == written


def test_names_and_subjects_are_unique() -> None:
    names = [message.name for message in messages()]
    assert len(names) == len(set(names))
    subjects = [value.subject for value in declarations().values()]
    assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.name)
def test_a_message_can_be_decoded_and_has_a_schema(message: registry.WireMessage) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b"17", type=message.type)
    assert msgspec.json.schema(message.type)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_messages_are_frozen_and_accept_new_fields(module: ModuleType) -> None:
    for value in vars(module).values():
        if inspect.isclass(value) and issubclass(value, Message):
            config = value.__struct_config__
            assert config.frozen, value
            assert not config.forbid_unknown_fields, value
            assert not config.omit_defaults, value  # readers without the default need the field


def covered(subject: str, pattern: str) -> bool:
    """Whether a NATS subject matches a pattern of `*` and `>`."""
    have, want = subject.split("."), pattern.split(".")
    if want[-1] == ">":
        have, want = have[: len(want) - 1], want[:-1]
    return len(have) == len(want) and all(
        each in ("*", token) for each, token in zip(want, have, strict=True)
    )


def test_events_are_stored_and_nothing_else_is_by_mistake() -> None:
    for value in declarations().values():
        streams = [each for each in STREAMS if any(covered(value.subject, one) for one in each.subjects)]
        assert streams == ([EVENTS] if isinstance(value, Event) else []), value.subject


def test_tasks_have_a_service_and_are_stored() -> None:
    assert set(SERVICE_OF) == set(get_args(TaskSpec))
    for service in SERVICE_OF.values():
        for lane in LANES:
            assert any(covered(task_subject(service, lane), each) for each in TASKS.subjects)


def test_two_declarations_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "JOB_CREATED", Event("job.created", 2, Message), raising=False)
    with pytest.raises(ValueError, match="JOB_CREATED"):
        declarations.__wrapped__()


def test_two_messages_of_one_subject_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    event = declarations()["JOB_CREATED"]
    monkeypatch.setattr(registry, "declarations", lambda: {"A": event, "B": event})
    with pytest.raises(ValueError, match=r"job\.created\.v1"):
        messages.__wrapped__()


def test_enums_are_of_strings() -> None:
    """A number on the wire says nothing to whoever reads a log."""
    found: list[Any] = [
        value
        for module in modules()
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Enum) and value is not Enum
    ]
    assert found
    assert all(isinstance(each.value, str) for kind in found for each in kind)
