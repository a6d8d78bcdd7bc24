"""Whether states came in an order in which they may: in the stream, and on every connection. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tests.chaos.records import ENDS, Evidence, Fact, Hearing, Record, Told
from tests.chaos.violation import Violation

UNTOLD_WITHIN = 15.0
"""Seconds after an event within which a connection may break and lose what was written to it."""
_CREATED, _DONE = "job.created", "task.completed"
_ORDER = {"PENDING": 0, "PROCESSING": 1, **dict.fromkeys(ENDS, 2)}


def order_of_events(evidence: Evidence) -> Iterator[Violation]:
    """By job: created first, then results, then one end, the same as in its row, and nothing after it."""
    by_job = defaultdict(list)
    for fact in evidence.events:
        by_job[fact.job_id].append(fact)
    for row in evidence.jobs:
        facts = by_job[row.job_id]
        names = [fact.name for fact in facts]
        ends = [fact for fact in facts if fact.name not in (_CREATED, _DONE)]
        made = {fact.artifact for fact in facts if fact.artifact is not None}
        if names.count(_CREATED) != 1 or names[0] != _CREATED:
            yield Violation("order", f"job {row.job_id}: {names} does not begin with one creation")
        if len(ends) > 1:
            yield Violation("duplicate", f"job {row.job_id}: {len(ends)} ends in the stream")
        if [end.state for end in ends[-1:]] != [row.state.upper()]:
            yield Violation("order", f"job {row.job_id}: {names}, but it is {row.state}")
        if ends and ends[0].state == "COMPLETED" and names[-1] != ends[0].name:
            yield Violation("order", f"job {row.job_id}: {names} goes on after its end")
        if any(later.updated_at <= facts[0].updated_at for later in ends):
            yield Violation("order", f"job {row.job_id}: its end is not newer than its beginning")
        if len(made) > 1:
            yield Violation("duplicate", f"job {row.job_id}: {len(made)} results")


def order_of_messages(hearing: Hearing, ends: Mapping[str, Fact]) -> Iterator[Violation]:
    by_job: defaultdict[str, list[Told]] = defaultdict(list)
    for told in hearing.told:
        by_job[told.job_id].append(told)
    for job_id, messages in by_job.items():
        places = [_ORDER.get(each.status, -1) for each in messages]
        shares = [each.progress for each in messages if each.progress is not None]
        seen = " ".join(each.status for each in messages)
        waiting = [each.progress for each in messages if each.status == "PENDING"]
        if -1 in places or places != sorted(places) or len(set(waiting)) < len(waiting):
            yield Violation("socket", f"job {job_id}: told {seen}")
        if places.count(2) > 1:
            yield Violation("socket", f"job {job_id}: {places.count(2)} ends told")
        if any(
            each.status in ENDS and each.status != ends[job_id].state for each in messages if job_id in ends
        ):
            yield Violation("socket", f"job {job_id}: told {seen}, but it is {ends[job_id].state}")
        if shares != sorted(shares):
            yield Violation("socket", f"job {job_id}: progress fell: {shares}")


def untold(record: Record, ends: Mapping[str, Fact]) -> Iterator[Violation]:
    """An end that no connection told, although none broke when it was on its way."""
    told = {each.job_id for hearing in record.hearings for each in hearing.told if each.status in ENDS}
    for outcome in record.outcomes.values():
        breaks = [each.closed for each in record.hearings if each.user == outcome.user and each.closed]
        if outcome.status not in ENDS:
            continue
        for end in (ends[job_id] for job_id in outcome.job_ids - told if job_id in ends):
            if not any(end.at <= broken <= end.at + UNTOLD_WITHIN for broken in breaks):
                yield Violation("socket", f"job {end.job_id}: its end was told on no connection")
