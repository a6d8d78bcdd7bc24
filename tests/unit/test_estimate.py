from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from services.jobs.movies.estimate import Pace, kind_of, ready_at
from tests.unit.samples import EPOCH, at

USUAL = {"fetch": 4.0, "listen": 1.0, "main": 20.0}


def pace(name: str, seconds: float = 0.0, fraction: float = 0.0, *needs: str, done: bool = False) -> Pace:
    return Pace(
        name=name, done=done, begun=done or seconds > 0, seconds=seconds, fraction=fraction, needs=needs
    )


def test_kinds() -> None:
    assert [kind_of(name) for name in ("fetch.3", "main", "recognise.12")] == ["fetch", "main", "recognise"]


@pytest.mark.parametrize(
    ("tasks", "left"),
    [
        ([pace("main", 5.0, 0.25)], 15.0),
        ([pace("main", 5.0, 0.01)], 15.0),
        ([pace("main", 30.0, 0.0)], 2.0),
        ([pace("main", 9.0, 1.0, done=True)], 0.0),
        ([pace("fetch.0", 1.0), pace("fetch.1", 3.5), pace("main", 0, 0, "fetch.0", "fetch.1")], 23.0),
        ([pace("fetch.0", 4.0, 1.0, done=True), pace("listen.0", 0, 0, "fetch.0"),
          pace("main", 0, 0, "listen.0")], 21.0),
    ],
)  # fmt: skip
def test_when_it_is_ready(tasks: Sequence[Pace], left: float) -> None:
    assert ready_at(tasks, USUAL, EPOCH) == at(left)


@pytest.mark.parametrize(
    ("tasks", "usual"),
    [
        ([pace("main")], USUAL),
        ([], USUAL),
        ([pace("fetch.0", 1.0), pace("main", 0, 0, "fetch.0")], {"fetch": 4.0}),
        ([pace("main", 5.0, 0.01)], {}),
    ],
)
def test_nobody_knows(tasks: Sequence[Pace], usual: Mapping[str, float]) -> None:
    assert ready_at(tasks, usual, EPOCH) is None
