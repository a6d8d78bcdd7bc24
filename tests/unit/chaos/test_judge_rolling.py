"""Of a rolling restart more is asked: nobody notices, and everybody leaves in time with exit code 0."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.figures import counts
from tests.chaos.judge import judge
from tests.chaos.records import Errand, Record, Restart
from tests.unit.chaos.perfect import ORDERS, record

EDGE, JOBS = Restart("edge-2", 0, 70.0, 80.0), Restart("jobs", 0, 4.0, 9.0)


def rolled(**changes: object) -> Record:
    found = record()
    found.kills.clear()
    found.restarts, found.errands = [EDGE, JOBS], [Errand("movie"), Errand("movie"), Errand("session")]
    return replace(found, **changes)  # type: ignore[arg-type]  # as its fields


def test_nothing_is_wrong() -> None:
    assert judge(ORDERS, rolled()) == []
    found = counts(rolled())
    assert found["errands"] == {"movie": 2, "session": 1}
    assert found["restarts"]["jobs"] == "code 0, gone after 4.0 s, ready after 9.0 s"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("restart", {"restarts": [replace(JOBS, code=1)]}),
        ("restart", {"restarts": [replace(JOBS, code=None)]}),
        ("restart", {"restarts": [replace(JOBS, gone=31.0)]}),
        ("restart", {"restarts": [replace(EDGE, gone=91.0)]}),
        ("lost", {"errands": [Errand("movie", "failed")]}),
        ("trouble", {"trouble": Counter({"503": 1})}),
        ("chaos", {"restarts": []}),
    ],
)
def test_each_is_found(kind: str, changes: dict[str, object]) -> None:
    assert [each.kind for each in judge(ORDERS, rolled(**changes))] == [kind]
