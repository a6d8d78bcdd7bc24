"""Waiting times and other figures of a run. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.records import ENDS, Record, Restart


@dataclass(frozen=True)
class Waits:
    """Seconds from the creation of a user's jobs to the first claim of a task of each; `count` of them."""

    count: int
    p50: float
    p90: float
    longest: float


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0…1) of `values` do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def waits_of(values: Sequence[float]) -> Waits:
    return Waits(len(values), percentile(values, 0.5), percentile(values, 0.9), max(values))


def waits(record: Record) -> dict[str, Waits]:
    """By user, of jobs that somebody has begun."""
    by_user: defaultdict[str, list[float]] = defaultdict(list)
    for row in record.evidence.jobs:
        if row.started is not None:
            by_user[row.owner.removeprefix("user:")].append(row.started - row.created)
    return {user: waits_of(values) for user, values in sorted(by_user.items())}


def fairness(by_user: dict[str, Waits]) -> float:
    """The largest p90 of the users over the smallest; 1 is fair."""
    worst = [each.p90 for each in by_user.values()]
    return max(worst) / max(min(worst), 1e-3) if worst else 1.0


def _restart(each: Restart) -> str:
    return f"code {each.code}, gone after {each.gone:.1f} s, ready after {each.ready:.1f} s"


def counts(record: Record) -> dict[str, Any]:
    """What happened how often."""
    ends = Counter(told.job_id for each in record.hearings for told in each.told if told.status in ENDS)
    known = {job_id for outcome in record.outcomes.values() for job_id in outcome.job_ids}
    return {
        "seconds": round(record.seconds, 1),
        "jobs": len(record.outcomes),
        "states": dict(Counter(outcome.status for outcome in record.outcomes.values())),
        "cancels": dict(Counter(str(each.cancel) for each in record.outcomes.values() if each.cancel)),
        "kills": dict(sorted(record.kills.items())),
        "killed": record.kills.total(),
        "spared": record.spared,
        "restarts": {each.name: _restart(each) for each in record.restarts},
        "errands": dict(Counter(each.kind for each in record.errands if each.problem is None)),
        "trouble": dict(record.trouble.most_common()),
        "connections": len(record.hearings),
        "closed with": dict(Counter(str(each.code) for each in record.hearings if each.closed)),
        "tasks handed back": record.evidence.handed_back,
        "ends told on no connection": len(known - ends.keys()),
        "ends told again": sum(count - 1 for count in ends.values()),
    }
