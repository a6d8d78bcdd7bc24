"""The golden schemas: complete, fresh, and no message broke."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from libs.contracts.registry import messages
from reelbus.docs import pages, schemas
from reelbus.docs.compat import Level
from reelbus.docs.errors import DocsError
from tests.contract.conftest import Run

ROOT = pages.checkout()


def test_no_message_broke() -> None:
    broken = [str(each) for each in pages.findings(ROOT) if each.level is Level.BREAKING]
    assert not broken, "\n".join(broken)


def test_every_message_has_a_fresh_golden_schema_and_nothing_else_has_one() -> None:
    assert pages.stale_schemas(ROOT) == [], f"Mend it with: {pages.MEND}"
    assert set(schemas.golden(ROOT)) == {message.name for message in messages()}


def test_references_of_a_schema_stay_inside() -> None:
    for name, schema in schemas.golden(ROOT).items():
        for reference in _references(schema):
            assert reference.removeprefix("#/$defs/") in schema["$defs"], name


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the golden schemas of this one."""
    shutil.copytree(ROOT / schemas.FOLDER, tmp_path / schemas.FOLDER)
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def _edit(checkout: Path, name: str, field: str, value: Any) -> Path:
    """Pretend that an earlier `Job` had one more field."""
    path = checkout / schemas.FOLDER / f"{name}.json"
    document = json.loads(path.read_text())
    document["$defs"]["Job"]["properties"][field] = value
    path.write_text(json.dumps(document))
    return path


def test_a_breaking_change_is_refused_and_nothing_is_written(checkout: Path) -> None:
    path = _edit(checkout, "job.completed.v1", "lost", {"type": "string"})
    (checkout / schemas.FOLDER / "tasks.json").unlink()
    before = path.read_text()
    with pytest.raises(DocsError, match=r"job\.completed\.v1: job\.lost: the field is gone"):
        pages.write_schemas(checkout)
    assert path.read_text() == before
    assert not (checkout / schemas.FOLDER / "tasks.json").exists()


def test_a_meant_change_is_accepted_by_name(checkout: Path) -> None:
    _edit(checkout, "job.completed.v1", "lost", {"type": "string"})
    with pytest.raises(DocsError, match="the field is gone"):
        pages.write_schemas(checkout, ["job.failed.v1"])
    written = pages.write_schemas(checkout, ["job.completed.v1"])
    assert written == [schemas.FOLDER / "job.completed.v1.json"]
    assert pages.stale_schemas(checkout) == []


def test_a_retired_message_is_removed_when_accepted(checkout: Path) -> None:
    old = checkout / schemas.FOLDER / "job.archived.v1.json"
    shutil.copy(checkout / schemas.FOLDER / "job.completed.v1.json", old)
    with pytest.raises(DocsError, match=r"job\.archived\.v1: the message is gone"):
        pages.write_schemas(checkout)
    assert pages.write_schemas(checkout, ["job.archived.v1"]) == [schemas.FOLDER / old.name]
    assert not old.exists()


def test_accepting_what_is_not_broken_is_a_mistake(checkout: Path) -> None:
    with pytest.raises(DocsError, match="Nothing is broken in tasks"):
        pages.write_schemas(checkout, ["tasks"])


def test_the_command_checks_and_writes(checkout: Path, reelbus: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "checkout", lambda: checkout)
    assert reelbus("docs", "schemas", "--check").exit_code == 0
    (checkout / schemas.FOLDER / "tasks.json").unlink()
    stale = reelbus("docs", "schemas", "--check")
    assert stale.exit_code == 1
    assert "  libs/contracts/schemas/tasks.json\nMend it with: make docs" in stale.stderr
    assert "wrote libs/contracts/schemas/tasks.json" in reelbus("docs", "schemas").stdout
    _edit(checkout, "job.completed.v1", "lost", {"type": "string"})
    broken = reelbus("docs", "schemas", "--check")
    assert broken.exit_code == 1
    assert "BREAKING job.completed.v1: job.lost" in broken.stderr
    assert reelbus("docs", "schemas", "--accept", "job.completed.v1").exit_code == 0
    assert reelbus("docs", "schemas", "--check").stdout == "The documents are fresh.\n"


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for part in value.values() for each in _references(part)]
    return [each for part in value for each in _references(part)] if isinstance(value, list) else []
