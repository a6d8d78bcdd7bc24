"""Plans are the same for the same seed, and hold what the run is about."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tests.chaos.plan import CLIPS, REPLICATED, SERVERS, Order, make_plan, siblings

PLAN = make_plan(5, jobs=300, users=10, horizon=240.0)


def needs_look(order: Order) -> bool:
    return order.fields["fit"] == "crop" or "selection" in order.fields


def test_a_seed_makes_one_plan() -> None:
    assert make_plan(5, jobs=300, users=10, horizon=240.0) == PLAN
    assert make_plan(6, jobs=300, users=10, horizon=240.0) != PLAN


def test_a_longer_horizon_changes_nothing_before() -> None:
    longer = make_plan(5, jobs=300, users=10, horizon=600.0)
    assert longer.orders == PLAN.orders
    assert longer.kills[: len(PLAN.kills)] == PLAN.kills


def test_users_order_as_much_as_each_other() -> None:
    assert set(Counter(order.user for order in PLAN.orders).values()) == {30}
    assert len({order.key for order in PLAN.orders}) == 300
    assert {order.clip for order in PLAN.orders} == set(range(CLIPS))


def test_a_tenth_of_each_is_cancelled() -> None:
    assert set(Counter(order.user for order in PLAN.orders if order.cancel_after is not None).values()) == {3}


def test_users_want_the_same() -> None:
    """Else nothing could be said of how fairly they are treated."""
    looks = Counter(order.user for order in PLAN.orders if needs_look(order))
    assert max(looks.values()) - min(looks.values()) <= 2
    for user in PLAN.users:
        times = [order.at for order in PLAN.orders if order.user == user]
        assert times == sorted(times)
        assert sum(at < 45 for at in times) == 15


@pytest.mark.parametrize("jobs", [300, 1600])
def test_work_is_distinct_but_for_some_twins(jobs: int) -> None:
    orders = make_plan(5, jobs=jobs, users=10, horizon=1.0).orders
    works = Counter((order.clip, *order.fields.items()) for order in orders)
    assert jobs * 0.92 <= len(works) < jobs
    for order in orders:
        sizes = order.fields["target_width"], order.fields["target_height"]
        assert all(64 <= size <= 4096 and size % 2 == 0 for size in sizes)


def test_some_of_the_work_needs_a_look_and_some_is_loudness() -> None:
    assert sum(map(needs_look, PLAN.orders)) > 60
    assert sum("selection" in order.fields for order in PLAN.orders) > 20
    assert sum("target_lufs" in order.fields for order in PLAN.orders) > 50


def test_everybody_is_killed_before_anybody_is_killed_again() -> None:
    services = {name for service in REPLICATED for name in (service, f"{service}-2")}
    for victims in (services, set(SERVERS)):
        killed = [kill.victim for kill in PLAN.kills if kill.victim in victims]
        assert set(killed[: len(victims)]) == victims
        assert len(killed) > 2 * len(victims)


def test_kills_leave_time_to_come_back() -> None:
    for victims, shortest in (
        (SERVERS, 15.0),
        (tuple(f"{name}{n}" for name in REPLICATED for n in ("", "-2")), 2.0),
    ):
        times = [kill.at for kill in PLAN.kills if kill.victim in victims]
        pauses = [later - earlier for earlier, later in pairwise(times)]
        assert min(pauses) >= shortest
        assert max(times) < 240.0
    assert [kill.at for kill in PLAN.kills] == sorted(kill.at for kill in PLAN.kills)


def test_siblings() -> None:
    assert siblings("edge") == ["edge-2"]
    assert siblings("edge-2") == ["edge"]
    assert siblings("nats") == []
