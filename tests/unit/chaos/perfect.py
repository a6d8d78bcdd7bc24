"""The record of a run in which everything went well, to be spoilt."""

from __future__ import annotations

from collections import Counter

from tests.chaos.plan import Order
from tests.chaos.records import Artifact, Download, Evidence, Fact, Hearing, JobFact, Outcome, Record, Told

LENGTH = 1.5
ORDERS = [
    Order("done", "ann", 0, 0.0, {"target_width": 64, "target_height": 66}),
    Order("late", "ann", 0, 0.0, {"target_width": 68, "target_height": 66}, cancel_after=9.0),
    Order("back", "bob", 0, 0.0, {"target_width": 70, "target_height": 66}, cancel_after=1.0),
]
USERS = {order.key: order.user for order in ORDERS}
STATES = {"done": "COMPLETED", "late": "COMPLETED", "back": "CANCELLED"}
AT = {"done": 100.0, "late": 200.0, "back": 300.0}
"""When the jobs were created; their orders' keys are their ids as well."""


def artifact(key: str) -> Artifact:
    return Artifact(f"results/{key}/output.mp4", 1000, f"sha of {key}")


def record() -> Record:
    made = {artifact(key).key: artifact(key) for key, state in STATES.items() if state == "COMPLETED"}
    evidence = Evidence(
        jobs=[
            JobFact(key, f"user:{USERS[key]}", key, STATES[key].lower(), AT[key], AT[key] + 1) for key in AT
        ],
        events=[fact for key in AT for fact in events(key)],
        objects=made,
        results=set(made),
        uploads={"uploads/1"},
        assets={"uploads/1"},
        remains={"dead letters": 0},
    )
    hearings = [
        Hearing(
            user, 90.0, [told for key in AT if USERS[key] == user for told in tellings(key)], closed=900.0
        )
        for user in ("ann", "bob")
    ]
    outcomes = {order.key: outcome(order) for order in ORDERS}
    return Record([LENGTH], outcomes, hearings, evidence, kills=Counter({"nats": 1}))


def events(key: str) -> list[Fact]:
    at = AT[key]
    created = Fact(at, "job.created", key, "PENDING", at)
    if STATES[key] == "CANCELLED":
        return [created, Fact(at + 2, "job.cancelled", key, "CANCELLED", at + 2)]
    return [
        created,
        Fact(at + 2, "task.completed", key, artifact=artifact(key)),
        Fact(at + 2, "job.completed", key, "COMPLETED", at + 2, artifact(key)),
    ]


def tellings(key: str) -> list[Told]:
    begun = [Told(key, "PENDING", 0.0), Told(key, "PROCESSING", 10.0), Told(key, "PROCESSING", 80.0)]
    return [*begun, Told(key, STATES[key])]


def outcome(order: Order) -> Outcome:
    found = Outcome(order.key, order.user, {order.key})
    if order.cancel_after is not None:
        found.cancel = 200 if STATES[order.key] == "CANCELLED" else 409
    found.final = {"status": STATES[order.key], "output_data": None}
    if STATES[order.key] == "COMPLETED":
        found.final["output_data"] = {"file_size": 1000}
        width, height = order.fields["target_width"], order.fields["target_height"]
        found.download = Download(1000, f"sha of {order.key}", width, height, LENGTH + 0.02)
    return found
