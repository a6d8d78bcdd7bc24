"""What a plan consists of."""

from __future__ import annotations

from dataclasses import dataclass

from libs.contracts.jobs import JobError
from libs.contracts.tasks import SERVICE_OF, TaskSpec
from libs.media.graph import fingerprint

MAIN = "main"
"""The name of the task that makes the result."""


@dataclass(frozen=True)
class PlannedTask:
    """A task of a plan: `needs` and `follows` (see `TaskNode`) name others of the same plan. Without a `spec`
    there is an `error`, because it cannot be done, or what it has to do depends on what it needs: it is
    planned by `planner.continued` then."""

    name: str
    service: str
    spec: TaskSpec | None = None
    fingerprint: str = ""
    needs: tuple[str, ...] = ()
    weight: float = 1.0
    follows: tuple[str, ...] = ()
    error: JobError | None = None


def planned(name: str, task: TaskSpec, *, weight: float = 1.0) -> PlannedTask:
    """A task that needs no other."""
    return PlannedTask(name, SERVICE_OF[type(task)], task, fingerprint(task), weight=weight)


def unplanned(name: str, kind: type, *, needs: tuple[str, ...], weight: float = 1.0) -> PlannedTask:
    """A task of the type `kind` that can be planned when all that it needs is completed."""
    return PlannedTask(name, SERVICE_OF[kind], needs=needs, weight=weight)
