"""From a plan and the record of its run to everything that must not have happened. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tests.chaos.plan import Order
from tests.chaos.records import ENDS, Fact, Outcome, Record, grace
from tests.chaos.states import order_of_events, order_of_messages, untold
from tests.chaos.violation import Violation

TOLERANCE = 0.15
"""Seconds that an output may be longer or shorter than its source."""


def judge(orders: Iterable[Order], record: Record) -> list[Violation]:
    """Every violation, those of one kind together."""
    found: list[Violation] = []
    ends = {fact.job_id: fact for fact in record.evidence.events if fact.state in ENDS}
    for order in orders:
        outcome = record.outcomes[order.key]
        found += _lost(order, outcome)
        found += _output(order, outcome, record.lengths[order.clip], ends)
        found += _cancel(order, outcome)
    found += _duplicates(record)
    found += order_of_events(record.evidence)
    for hearing in record.hearings:
        found += order_of_messages(hearing, ends)
    found += untold(record, ends)
    found += _left_over(record)
    found += [Violation("answer", breach) for breach in record.breaches]
    if record.restarts:
        found += _not_smooth(record)
    elif not record.kills:
        found.append(Violation("chaos", "nobody was killed"))
    return sorted(found, key=lambda each: each.kind)


def _not_smooth(record: Record) -> Iterator[Violation]:
    """Whoever restarts with notice disturbs nobody but those who hold sockets."""
    for each in record.restarts:
        if each.code != 0:
            yield Violation("restart", f"{each.name} ended with {each.code}")
        if each.gone > grace(each.name):
            yield Violation("restart", f"{each.name} took {each.gone:.1f} s to end")
    for errand in record.errands:
        if errand.problem is not None:
            yield Violation("lost", f"{errand.kind}: {errand.problem}")
    for what, count in record.trouble.items():
        yield Violation("trouble", f"{count} times {what}")


def _lost(order: Order, outcome: Outcome) -> Iterator[Violation]:
    if not outcome.job_ids:
        yield Violation("lost", f"{order.key}: no job came of it")
    elif outcome.status not in ENDS:
        yield Violation("lost", f"{order.key}: {outcome.status or 'no answer'}, not an end")
    elif outcome.status == "FAILED":
        reason = (outcome.final or {}).get("error_message")
        yield Violation("lost", f"{order.key}: failed: {reason}")
    elif outcome.status == "CANCELLED" and order.cancel_after is None:
        yield Violation("lost", f"{order.key}: cancelled, but nobody asked for that")


def _output(order: Order, outcome: Outcome, length: float, ends: Mapping[str, Fact]) -> Iterator[Violation]:
    if outcome.status != "COMPLETED" or outcome.final is None:
        return
    got, said = outcome.download, outcome.final["output_data"]
    if got is None:
        yield Violation("output", f"{order.key}: was not to be had")
        return
    wanted = (order.fields["target_width"], order.fields["target_height"])
    if (got.width, got.height) != wanted:
        yield Violation("output", f"{order.key}: {got.width}x{got.height}, not {wanted[0]}x{wanted[1]}")
    if abs(got.duration - length) > TOLERANCE:
        yield Violation("output", f"{order.key}: {got.duration:.2f} s, not {length:.2f}")
    if got.size != said["file_size"]:
        yield Violation("output", f"{order.key}: {got.size} bytes, not {said['file_size']}")
    for end in (ends[job_id] for job_id in outcome.job_ids if job_id in ends):
        if end.artifact is not None and end.artifact.sha256 != got.sha256:
            yield Violation("output", f"{order.key}: its bytes are not those of {end.artifact.key}")


def _cancel(order: Order, outcome: Outcome) -> Iterator[Violation]:
    if outcome.cancel is None and order.cancel_after is not None:
        yield Violation("cancel", f"{outcome.key}: was not to be taken back")
    if outcome.cancel == 200 and outcome.status != "CANCELLED":
        yield Violation("cancel", f"{outcome.key}: cancelled, but {outcome.status}")
    if outcome.cancel == 409 and outcome.status != "COMPLETED":
        yield Violation("cancel", f"{outcome.key}: not to be cancelled, but {outcome.status}")


def _duplicates(record: Record) -> Iterator[Violation]:
    known = {job_id for outcome in record.outcomes.values() for job_id in outcome.job_ids}
    for outcome in record.outcomes.values():
        if len(outcome.job_ids) > 1:
            yield Violation("duplicate", f"{outcome.key}: {len(outcome.job_ids)} jobs for one key")
    rows = Counter((row.owner, row.key) for row in record.evidence.jobs)
    yield from (Violation("duplicate", f"{key}: {n} rows") for key, n in rows.items() if n > 1)
    strangers = [row.job_id for row in record.evidence.jobs if row.job_id not in known]
    yield from (Violation("duplicate", f"job {job_id}: nobody was told of it") for job_id in strangers)
    if missing := known - {row.job_id for row in record.evidence.jobs}:
        yield from (Violation("lost", f"job {job_id}: its row is gone") for job_id in missing)


def _left_over(record: Record) -> Iterator[Violation]:
    evidence = record.evidence
    wanted = {
        fact.artifact.key: fact.artifact
        for fact in evidence.events
        if fact.state == "COMPLETED" and fact.artifact is not None
    }
    for key in sorted(evidence.objects.keys() - wanted.keys()):
        yield Violation("left over", f"object {key} belongs to no completed job")
    for key, artifact in sorted(wanted.items()):
        if evidence.objects.get(key) != artifact:
            yield Violation("output", f"object {key} is not what its job said: {evidence.objects.get(key)}")
    for key in sorted(evidence.results ^ wanted.keys()):
        yield Violation("left over", f"result {key} has a row or an end, not both")
    for key in sorted(evidence.uploads ^ evidence.assets):
        yield Violation("left over", f"upload {key} has a row or an object, not both")
    for what, count in evidence.remains.items():
        if count:
            yield Violation("left over", f"{count} {what}")
