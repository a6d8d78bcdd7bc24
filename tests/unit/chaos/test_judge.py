"""Each kind of violation is found, and nothing is found where nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.chaos.judge import judge
from tests.chaos.records import Artifact, Fact, JobFact, Record, Told
from tests.unit.chaos.perfect import ORDERS, artifact, record

Spoil = Callable[[Record], object]


def _outcome(key: str, **changes: object) -> Spoil:
    return lambda found: found.outcomes.update({key: replace(found.outcomes[key], **changes)})  # type: ignore[arg-type]  # as its fields


def _final(key: str, **changes: object) -> Spoil:
    def spoil(found: Record) -> None:
        found.outcomes[key].final = {**(found.outcomes[key].final or {}), **changes}

    return spoil


def _download(**changes: object) -> Spoil:
    def spoil(found: Record) -> None:
        got = found.outcomes["done"].download
        assert got is not None
        found.outcomes["done"].download = replace(got, **changes)  # type: ignore[arg-type]  # as its fields

    return spoil


def _told(*said: Told) -> Spoil:
    """Instead of all that Ann's connection told of the job `done`."""

    def spoil(found: Record) -> None:
        hearing = found.hearings[0]
        hearing.told = [*said, *(each for each in hearing.told if each.job_id != "done")]

    return spoil


def _events(change: Callable[[list[Fact]], list[Fact]]) -> Spoil:
    def spoil(found: Record) -> None:
        found.evidence.events[:] = change(found.evidence.events)

    return spoil


def _row(job_id: str, **changes: object) -> Spoil:
    def spoil(found: Record) -> None:
        rows = found.evidence.jobs
        rows[:] = [replace(row, **changes) if row.job_id == job_id else row for row in rows]  # type: ignore[arg-type]  # as its fields

    return spoil


PENDING, MOVING, ENDED = (
    Told("done", "PENDING", 0.0),
    Told("done", "PROCESSING", 50.0),
    Told("done", "COMPLETED"),
)
LOOKED_AT = Told("done", "PENDING", 10.0)
CASES: dict[str, tuple[str, Spoil]] = {
    "no job": ("lost", _outcome("done", job_ids=set(), final=None, download=None)),
    "no end": ("lost", _final("done", status="PROCESSING")),
    "no answer": ("lost", _outcome("done", final=None)),
    "failed": ("lost", _final("done", status="FAILED", error_message="Something")),
    "cancelled by nobody": ("lost", _final("done", status="CANCELLED")),
    "row gone": ("lost", lambda found: found.evidence.jobs.pop(0)),
    "no download": ("output", _outcome("done", download=None)),
    "size": ("output", _download(width=66)),
    "too short": ("output", _download(duration=1.3)),
    "too long": ("output", _download(duration=1.7)),
    "bytes": ("output", _download(size=999)),
    "other bytes of the same number": ("output", _download(sha256="of something else")),
    "object gone": ("output", lambda found: found.evidence.objects.pop(artifact("done").key)),
    "object written over": (
        "output",
        lambda found: found.evidence.objects.update({artifact("done").key: Artifact("", 1000, "another")}),
    ),
    "two ids": ("duplicate", _outcome("done", job_ids={"done", "late"})),
    "two rows": ("duplicate", _row("late", owner="user:ann", key="done")),
    "a job of nobody": (
        "duplicate",
        lambda found: found.evidence.jobs.append(JobFact("x", "user:ann", "x", "completed", 1.0)),
    ),
    "two ends": (
        "duplicate",
        _events(
            lambda all_: [*all_, Fact(400.0, "job.completed", "done", "COMPLETED", 400.0, artifact("done"))]
        ),
    ),
    "two results": (
        "duplicate",
        _events(lambda all_: [all_[0], replace(all_[1], artifact=artifact("other")), *all_[2:]]),
    ),
    "not created": ("order", _events(lambda all_: all_[1:])),
    "created twice": ("order", _events(lambda all_: [all_[0], *all_])),
    "created late": ("order", _events(lambda all_: [*all_[1:3], all_[0], *all_[3:]])),
    "no end in the stream": ("order", _events(lambda all_: [*all_[:2], *all_[3:]])),
    "another end in the stream": ("order", _row("done", state="cancelled")),
    "more after the end": ("order", _events(lambda all_: [all_[0], all_[2], all_[1], *all_[3:]])),
    "an end from before": (
        "order",
        _events(lambda all_: [*all_[:2], replace(all_[2], updated_at=100.0), *all_[3:]]),
    ),
    "back to pending": ("socket", _told(MOVING, PENDING, ENDED)),
    "on after the end": ("socket", _told(PENDING, ENDED, MOVING)),
    "pending twice": ("socket", _told(PENDING, PENDING, ENDED)),
    "ended twice": ("socket", _told(PENDING, MOVING, ENDED, ENDED)),
    "two different ends": ("socket", _told(ENDED, Told("done", "CANCELLED"))),
    "another end than it has": ("socket", _told(Told("done", "CANCELLED"))),
    "a state that is none": ("socket", _told(Told("done", "RUNNING", 1.0), ENDED)),
    "progress fell": ("socket", _told(MOVING, Told("done", "PROCESSING", 49.0), ENDED)),
    "end untold": ("socket", _told(PENDING, MOVING)),
    "cancelled and completed": ("cancel", _outcome("late", cancel=200)),
    "not cancelled and cancelled": ("cancel", _outcome("back", cancel=409)),
    "cancel not answered": ("cancel", _outcome("back", cancel=None)),
    "object of a cancelled job": (
        "left over",
        lambda found: found.evidence.objects.update({artifact("back").key: artifact("back")}),
    ),
    "result of a cancelled job": (
        "left over",
        lambda found: found.evidence.results.add(artifact("back").key),
    ),
    "result unknown": ("left over", lambda found: found.evidence.results.remove(artifact("done").key)),
    "object of no upload": ("left over", lambda found: found.evidence.uploads.add("uploads/2")),
    "upload without object": ("left over", lambda found: found.evidence.uploads.clear()),
    "dead letter": ("left over", lambda found: found.evidence.remains.update({"dead letters": 1})),
    "no chaos": ("chaos", lambda found: found.kills.clear()),
    "an answer of no family": ("answer", lambda found: found.breaches.append("POST /jobs: 502 <html>")),
}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert judge(ORDERS, record()) == []


@pytest.mark.parametrize(("kind", "spoil"), CASES.values(), ids=CASES)
def test_each_violation_is_found(kind: str, spoil: Spoil) -> None:
    found = record()
    spoil(found)
    assert kind in {each.kind for each in judge(ORDERS, found)}


def test_an_end_may_get_lost_with_the_connection_that_it_was_written_to() -> None:
    found = record()
    _told(PENDING, MOVING)(found)
    found.hearings[0].closed = 103.0
    assert judge(ORDERS, found) == []


def test_a_socket_may_know_less_of_a_job() -> None:
    """It opened late, or the signal was faster than the event; and what is known already moves a job that
    nobody has begun."""
    for said in ((MOVING, ENDED), (ENDED,), (PENDING, ENDED), (PENDING, LOOKED_AT, ENDED)):
        found = record()
        _told(*said)(found)
        assert judge(ORDERS, found) == []


def test_a_twin_of_a_cancelled_job_keeps_its_artifact() -> None:
    found = record()
    shared = artifact("done")
    found.evidence.events[:] = [
        replace(each, artifact=shared) if each.job_id == "late" and each.artifact else each
        for each in found.evidence.events
    ]
    found.outcomes["late"].download = replace(
        found.outcomes["late"].download or pytest.fail("no download"), sha256=shared.sha256
    )
    del found.evidence.objects[artifact("late").key]
    found.evidence.results.remove(artifact("late").key)
    assert judge(ORDERS, found) == []
