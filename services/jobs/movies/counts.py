"""How many jobs of a family there are, by how they ended and how long they took."""

from __future__ import annotations

from datetime import UTC, datetime, time

from sqlalchemy import text

from libs.contracts.base import utcnow
from libs.contracts.jobs import JobState
from libs.contracts.movies import CountJobs, JobCounts
from services.jobs.repository import Repository

BOUNDS = (10, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds."""
_TOOK = "extract(epoch FROM updated_at - created_at)"
_BUCKETS = ", ".join(
    f"count(*) FILTER (WHERE state = 'completed' AND {_TOOK} <= {bound})" for bound in BOUNDS
)
_ENDED = text(f"""
SELECT state, count(*), count(*) FILTER (WHERE updated_at >= :midnight),
       coalesce(sum({_TOOK}) FILTER (WHERE state = 'completed'), 0), {_BUCKETS}
FROM jobs.jobs
WHERE family = :family AND state IN ('completed', 'failed', 'cancelled')
  AND (CAST(:owner AS text) IS NULL OR owner = :owner)
GROUP BY state
""")  # noqa: S608  (constants of this module)
_OPEN = text("""
SELECT state, count(*) FROM jobs.jobs
WHERE state IN ('pending', 'processing') AND family = :family
  AND (CAST(:owner AS text) IS NULL OR owner = :owner)
GROUP BY state
""")


class Counts:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def count(self, request: CountJobs) -> JobCounts:
        midnight = datetime.combine(utcnow().date(), time(), UTC)
        asked = {"family": request.family, "owner": request.owner}
        states = {state.value: 0 for state in JobState}
        today = dict.fromkeys((state.value for state in JobState if state.terminal), 0)
        durations, total = dict.fromkeys((*map(str, BOUNDS), "+Inf"), 0), 0.0
        async with self._repository.transaction() as session:
            states |= {row[0]: row[1] for row in await session.execute(_OPEN, asked)}
            for state, number, recent, seconds, *buckets in await session.execute(
                _ENDED, {**asked, "midnight": midnight}
            ):
                states[state], today[state] = number, recent
                if state == JobState.COMPLETED.value:
                    durations = dict(zip(durations, [*buckets, number], strict=True))
                    total = float(seconds)
        return JobCounts(states=states, today=today, durations=durations, duration_sum=total)
