"""Percentiles and fairness."""

from __future__ import annotations

import pytest

from tests.chaos.figures import Waits, counts, fairness, percentile, waits
from tests.unit.chaos.perfect import record


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.9, 9), (0.91, 10), (1.0, 10), (0.0, 1)])
def test_percentiles(share: float, value: float) -> None:
    assert percentile([3, 1, 2, 10, 9, 8, 7, 6, 5, 4], share) == value


def test_waits_are_by_user() -> None:
    assert waits(record()) == {"ann": Waits(2, 1.0, 1.0, 1.0), "bob": Waits(1, 1.0, 1.0, 1.0)}


def test_fairness_is_of_the_users_p90() -> None:
    assert fairness({"ann": Waits(2, 1.0, 2.0, 9.0), "bob": Waits(1, 1.0, 3.0, 3.0)}) == 1.5
    assert fairness({}) == 1.0


def test_ends_that_were_told_on_no_connection_or_again_are_counted() -> None:
    found = record()
    told = found.hearings[0].told
    found.hearings[0].told = [*(each for each in told if each.job_id == "late"), told[-1]]
    assert (counts(found)["ends told on no connection"], counts(found)["ends told again"]) == (1, 1)
