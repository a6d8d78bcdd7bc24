"""When a job will be ready, by its own pace and that of earlier ones. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_ENOUGH = 0.03
"""Share of a task after which its own pace tells more than that of earlier ones."""
_LEFT = 0.1
"""Share of the usual time that is left of a task that takes longer than usual."""


@dataclass(frozen=True)
class Pace:
    """A task: `name`, whether it is `done` or has `begun`, how many `seconds` it has taken and the `fraction`
    of it that is done; it `needs` others."""

    name: str
    done: bool
    begun: bool
    seconds: float
    fraction: float
    needs: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return kind_of(self.name)


def kind_of(name: str) -> str:
    """Tasks of different elements are alike: `recognise.3` is a `recognise`."""
    return name.partition(".")[0]


def ready_at(tasks: Sequence[Pace], usual: Mapping[str, float], now: datetime) -> datetime | None:
    """When all `tasks` (in an order in which they could run) are done; `usual` are seconds by kind. `None`
    when nothing is known of one of them, or nothing has begun."""
    if not any(task.done or task.begun for task in tasks):
        return None
    ends: dict[str, float] = {}
    for task in tasks:
        left = _left(task, usual.get(task.kind))
        if left is None:
            return None
        ends[task.name] = max((ends.get(name, 0.0) for name in task.needs), default=0.0) + left
    return now + timedelta(seconds=max(ends.values(), default=0.0))


def _left(task: Pace, usual: float | None) -> float | None:
    """Seconds."""
    if task.done:
        return 0.0
    if task.begun and task.fraction >= _ENOUGH:
        return task.seconds * (1 - task.fraction) / task.fraction
    if usual is None:
        return None
    return max(usual - task.seconds, usual * _LEFT) if task.begun else usual
