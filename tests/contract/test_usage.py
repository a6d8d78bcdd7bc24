"""Who sends and receives what, read from sources."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from libs.contracts.registry import declarations
from libs.contracts.tasks import SERVICE_OF
from reelbus.docs import usage
from reelbus.docs.errors import DocsError
from reelbus.docs.pages import checkout
from reelbus.docs.usage import complaints, read_source

ROOT = checkout()
NAMES = ("JOB_CREATED", "JOB_FAILED", "GET_JOBS")


@pytest.fixture(scope="module")
def actual() -> usage.Usage:
    return usage.usage(ROOT)


@pytest.fixture
def found(actual: usage.Usage) -> usage.Usage:
    """The usage of this checkout, to be spoilt."""
    return deepcopy(actual)


@pytest.mark.parametrize(
    ("source", "sends", "receives"),
    [
        ("await bus.publish(JOB_CREATED, message, message_id=x)", {"JOB_CREATED"}, set()),
        ("await outbox.add(session, JOB_CREATED.subject, message)", {"JOB_CREATED"}, set()),
        ("seen.add(JOB_CREATED)", set(), set()),
        ("bus.consume(jobs.JOB_CREATED, handler)", set(), {"JOB_CREATED"}),
        ("bus.follow({JOB_CREATED: a, JOB_FAILED: b}, instance=i)", set(), {"JOB_CREATED", "JOB_FAILED"}),
        ("call(client, GET_JOBS, request)", {"GET_JOBS"}, set()),
        ("bus.consume(JOB_FAILED, lambda m: bus.publish(JOB_CREATED, m))", {"JOB_CREATED"}, {"JOB_FAILED"}),
        ("bus.consume(JOB_FAILED, lambda m: seen(JOB_CREATED))", set(), {"JOB_FAILED"}),
        ("from libs.contracts.jobs import JOB_CREATED as C\nbus.listen(C, f)", set(), {"JOB_CREATED"}),
        ("from libs.contracts.jobs import JOB_CREATED\nprint(JOB_CREATED.subject)", set(), set()),
    ],
)
def test_what_a_module_does(source: str, sends: set[str], receives: set[str]) -> None:
    wrapped = "async def f():\n" + "\n".join(f"    {line}" for line in source.splitlines())
    module = read_source(wrapped, NAMES)
    assert (module.sends, module.receives) == (sends, receives)


@pytest.mark.parametrize(
    "source",
    [
        "from libs.chassis import worker",
        "from libs.chassis.worker import Worker",
        "import libs.chassis.worker",
    ],
)
def test_a_chassis_module_is_brought_along(source: str) -> None:
    assert read_source(source, NAMES).chassis == {"libs.chassis.worker"}


def _tree(root: Path, files: dict[str, str]) -> usage.Usage:
    for name, source in {"reelbus/cli.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return usage.usage(root)


def test_services_do_what_their_modules_and_their_chassis_do(tmp_path: Path) -> None:
    found = _tree(
        tmp_path,
        {
            "libs/chassis/deep.py": "bus.publish(TASK_FAILED, m)",
            "libs/chassis/worker.py": "from libs.chassis.deep import x\nbus.listen(CANCEL_TASKS, f)",
            "libs/chassis/unused.py": "bus.listen(TASK_PROGRESS, f)",
            "services/a/app.py": "from libs.chassis.worker import x\nworker_service('a', s, {RenderTask: f})",
            "services/b/app.py": "",
            "services/b/core/deep.py": "subject = task_subject(service, lane)\nbus.consume(TASK_FAILED, f)",
        },
    )
    assert dict(found.senders) == {"TASK_FAILED": {"a"}}
    assert dict(found.receivers) == {"CANCEL_TASKS": {"a"}, "TASK_FAILED": {"b"}}
    assert dict(found.workers) == {"RenderTask": {"a"}}
    assert found.planners == {"b"}


def test_this_checkout_is_in_order(found: usage.Usage) -> None:
    assert complaints(found, usage.DECLARED) == []


@pytest.mark.parametrize("side", ["senders", "receivers"])
@pytest.mark.parametrize("constant", sorted(declarations()))
def test_a_message_without_one_side_is_an_error_unless_declared(
    constant: str, side: str, found: usage.Usage
) -> None:
    getattr(found, side).pop(constant)
    (problem,) = complaints(found, {})
    assert constant in problem
    assert complaints(found, {(constant, side): "somebody outside"}) == []


def test_declaring_what_the_code_shows_is_an_error(found: usage.Usage) -> None:
    (problem,) = complaints(found, {("JOB_CREATED", "senders"): "somebody"})
    assert problem == "JOB_CREATED has senders: its entry in DECLARED is in vain."


@pytest.mark.parametrize("kind", SERVICE_OF, ids=lambda kind: kind.__name__)
def test_a_task_in_the_wrong_hands_is_an_error(kind: type, found: usage.Usage) -> None:
    found.workers[kind.__name__] = {"elsewhere"}
    (problem,) = complaints(found, {})
    assert problem == f"{kind.__name__} belongs to {SERVICE_OF[kind]}, but elsewhere executes it."


def test_the_generator_stops_with_all_problems(tmp_path: Path) -> None:
    _tree(tmp_path, {"services/a/app.py": "", "libs/chassis/bus.py": ""})
    with pytest.raises(DocsError, match="Nobody serves GET_ASSET") as raised:
        usage.checked_usage(tmp_path)
    assert "Nobody publishes tasks." in str(raised.value)


def test_a_declared_side_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    everything = {(name, side): "robots" for name in declarations() for side in ("senders", "receivers")}
    monkeypatch.setattr(usage, "DECLARED", everything)
    workers = "\n".join(
        f"Worker('{service}', bus, {{{kind.__name__}: f}})" for kind, service in SERVICE_OF.items()
    )
    _tree(tmp_path, {"services/a/app.py": f"task_subject(s, l)\n{workers}", "libs/chassis/bus.py": ""})
    assert usage.checked_usage(tmp_path).receivers["JOB_CREATED"] == {"robots"}
