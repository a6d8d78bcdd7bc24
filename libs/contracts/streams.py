"""The JetStream streams: what they hold and for how long. The chassis creates them from here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Retention(Enum):
    WORK_QUEUE = "workqueue"
    LIMITS = "limits"


@dataclass(frozen=True)
class Stream:
    """`max_age_s` and `duplicate_window_s` are seconds; a `Nats-Msg-Id` seen in the window is dropped."""

    name: str
    subjects: tuple[str, ...]
    retention: Retention
    max_age_s: float
    duplicate_window_s: float = 120.0


DAY = 86_400.0

TASKS = Stream("TASKS", ("tasks.*.*",), Retention.WORK_QUEUE, max_age_s=14 * DAY)
# Events have three tokens (`job.completed.v1`); progress signals have two and stay on core NATS.
EVENTS = Stream("EVENTS", ("media.*.*", "task.*.*", "job.*.*"), Retention.LIMITS, max_age_s=7 * DAY)
DLQ = Stream("DLQ", ("dlq.>",), Retention.LIMITS, max_age_s=30 * DAY)
# What the server says about messages that it gave up delivering.
ADVISORIES = Stream(
    "ADVISORIES", ("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",), Retention.LIMITS, max_age_s=7 * DAY
)

STREAMS = (TASKS, EVENTS, DLQ, ADVISORIES)
KEEPER = "jobs"
"""The service that makes streams and brings them up to date; others wait for it."""


def inbox(service: str) -> str:
    """The prefix of subjects on which a service gets the answers that it asked for, and nobody else reads."""
    return f"_INBOX_{service}"


def event_consumer(service: str, name: str, version: int) -> str:
    """The durable consumer by which a service as a whole gets an event, e.g. `jobs-task-completed-v1`."""
    return f"{service}-{name.replace('.', '-')}-v{version}"


def stream_consumer(service: str, stream: str) -> str:
    """The durable consumer by which a service as a whole gets all of a stream."""
    return f"{service}-{stream.lower()}"


def task_subject(service: str, lane: str) -> str:
    """Where a task for `service` is published, e.g. `tasks.transcode.interactive`."""
    return f"tasks.{service}.{lane}"


def service_tasks(service: str) -> str:
    """The filter under which a worker of `service` takes tasks of every lane."""
    return f"tasks.{service}.*"


def dlq_subject(source_subject: str) -> str:
    """Where a dead letter that came from `source_subject` lies."""
    return f"dlq.{source_subject}"
