"""docs/operations/logs.md names every field that a line of our logs may have, and no others."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext

from libs.chassis.settings import TelemetrySettings
from libs.chassis.telemetry import setup_logging
from tests.deploy.promql import ROOT

PAGE = (ROOT / "docs/operations/logs.md").read_text()
ALWAYS = {"time", "level", "name", "message", "service", "instance"}
SOMETIMES = {"trace_id", "span_id", "exc_info", "stack_info", "taskName"}
"""Put on by the formatter."""


def documented() -> set[str]:
    rows = re.findall(r"^\| (`[^|]*`) \|", PAGE, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def logged() -> Iterator[str]:
    """Keys of what is passed to a logger as `extra`, directly or by a variable."""
    for folder in ("libs", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from _of_module(path)


def _of_module(path: Path) -> Iterator[str]:
    module = ast.parse(path.read_text())
    named = [
        (node.targets[0].id, node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "log"):
            continue
        for keyword in node.keywords:
            if keyword.arg == "extra":
                given = keyword.value
                name = given.id if isinstance(given, ast.Name) else None
                for value in [value for key, value in named if key == name] if name else [given]:
                    yield from _keys(value)


def _keys(value: ast.expr) -> Iterator[str]:
    assert isinstance(value, ast.Dict), ast.dump(value)
    for key in value.keys:
        if key is not None:
            yield str(ast.literal_eval(key))


def test_every_field_that_is_logged_is_documented_and_the_other_way_round() -> None:
    assert documented() == {*logged(), *ALWAYS, *SOMETIMES}


def test_the_example_is_such_a_line() -> None:
    (example,) = re.findall(r"```json\n(.*)\n```", PAGE)
    assert ALWAYS < set(json.loads(example)) <= documented()


def test_a_line_within_a_request_names_its_trace_recorded_or_not(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    setup_logging("edge", TelemetrySettings(service_instance="edge-7"))
    log = logging.getLogger("here")
    with trace.use_span(NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=False))):
        log.warning("within", extra={"error": "none"})
    log.warning("without")
    within, without = map(json.loads, capfd.readouterr().err.splitlines())
    assert (within["trace_id"], within["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert (within["service"], within["instance"], within["error"]) == ("edge", "edge-7", "none")
    assert set(without) == ALWAYS
