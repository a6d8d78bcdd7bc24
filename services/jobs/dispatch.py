"""Releases waiting tasks to the stream: a small window ahead of the workers, fair between owners.

Waiting tasks stay rows, so that priority, fairness and cancel act on them at once. A round looks at one
service under a lock that replicas share: tasks whose result is known by now are completed; of the rest,
interactive before batch, the share that has least in work goes first, of equal ones the one that was
served longest ago; two tasks of the same fingerprint are never out together, nor one while what another has
left is being removed. A service may have a limit of tasks that are out (released or running) at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from uuid import UUID

import msgspec
from prometheus_client import Gauge
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from libs.contracts.base import utcnow
from libs.contracts.streams import task_subject
from libs.contracts.tasks import SERVICE_OF, Task, TaskResult
from services.jobs import workflow
from services.jobs.models import TaskRow
from services.jobs.repository import Repository
from services.jobs.results import known_results
from services.jobs.workflow import Flow, TaskState

TASKS_OPEN = Gauge(
    "reelbus_tasks_open",
    "Tasks by service and state (waiting, released, running) in the database. Autoscale on their sum.",
    ["service", "state"],
)
OLDEST = Gauge(
    "reelbus_tasks_oldest_seconds",
    "Seconds that the longest waiting task of a service waits for a worker; 0 when none does.",
    ["service"],
)
SERVICES = sorted(set(SERVICE_OF.values()))

_PICK = text("""
WITH active AS (
    SELECT share, owner, fingerprint, state FROM jobs.tasks
    WHERE service = :service AND state IN ('released', 'running')
), ranked AS (
    SELECT task_id, fingerprint, created_at, lane, owner, share,
           row_number() OVER (PARTITION BY fingerprint ORDER BY created_at, task_id) AS twin,
           (SELECT count(*) FROM active a WHERE a.share = t.share)
             + row_number() OVER (PARTITION BY share ORDER BY lane DESC, created_at, task_id) AS turn
    FROM jobs.tasks t
    WHERE service = :service AND state = 'waiting'
      AND fingerprint NOT IN (SELECT fingerprint FROM active)
      AND NOT EXISTS (SELECT FROM jobs.results r WHERE r.fingerprint = t.fingerprint)
      AND NOT EXISTS (SELECT FROM jobs.discards d WHERE d.fingerprint = t.fingerprint)
), served AS (
    SELECT share, (
        SELECT released_at FROM jobs.tasks t
        WHERE t.service = :service AND t.share = s.share AND released_at IS NOT NULL
        ORDER BY released_at DESC LIMIT 1
    ) AS at FROM (SELECT DISTINCT share FROM ranked) s
), counted AS (
    SELECT task_id, twin, lane, turn, at, created_at,
           (SELECT count(*) FROM active a WHERE a.owner = r.owner) + row_number() OVER (
               PARTITION BY owner ORDER BY lane DESC, turn, at NULLS FIRST, created_at, task_id
           ) AS load
    FROM ranked r JOIN served USING (share)
)
SELECT task_id FROM counted WHERE twin = 1 AND load <= :cap
ORDER BY lane DESC, turn, at NULLS FIRST, created_at, task_id
LIMIT GREATEST(0, LEAST(
    :window - (SELECT count(*) FROM active WHERE state = 'released'),
    CAST(:bound AS bigint) - (SELECT count(*) FROM active)
))
""")
"""`lane DESC` puts `interactive` before `batch`; `LEAST` passes over a `bound` that is null."""

_WANTED = text("""
SELECT asked FROM unnest(CAST(:services AS text[])) AS asked
WHERE EXISTS (SELECT FROM jobs.tasks t WHERE t.service = asked AND t.state = 'waiting')
""")

_KNOWN = text("""
SELECT task_id, job_id, fingerprint FROM jobs.tasks JOIN jobs.results USING (fingerprint)
WHERE service = :service AND state = 'waiting' LIMIT 200
""")

_COUNTS = text("""
SELECT service, state, count(*),
       COALESCE(extract(epoch FROM now() - min(COALESCE(waiting_at, created_at))), 0)
FROM jobs.tasks
WHERE state IN ('waiting', 'released', 'running') GROUP BY service, state
""")


async def lock_service(session: AsyncSession, service: str) -> None:
    """Until the transaction ends nobody else releases tasks of the service."""
    lock = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
    await session.execute(lock, {"name": f"dispatch:{service}"})


class Dispatcher:
    """`window` tasks per service lie ready at most; `cap` tasks of one owner are out at once, or as `caps`
    says for a service. `limits` names services of which no more tasks are out at once, whatever the number of
    their replicas."""

    def __init__(
        self,
        repository: Repository,
        *,
        window: int,
        cap: int,
        interval: float,
        limits: Mapping[str, int] | None = None,
        caps: Mapping[str, int] | None = None,
    ) -> None:
        self._repository = repository
        self._limits = limits or {}
        self._caps = caps or {}
        self._window = window
        self._cap = cap
        self._interval = interval
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to release."""
        self._wake.set()

    async def step(self) -> None:
        """Wait until something happens, or for the interval, and look once at every service for which a task
        waits."""
        try:
            async with asyncio.timeout(self._interval):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()
        for service in await self._wanted():
            await self.round(service)

    async def _wanted(self) -> list[str]:
        """Services for which tasks wait. Most often what happened is about one of them, and a round asks the
        database several times."""
        async with self._repository.transaction() as session:
            return list((await session.execute(_WANTED, {"services": SERVICES})).scalars())

    async def round(self, service: str) -> int:
        """Release what may go; the number of tasks released."""
        await self._answer_known(service)
        async with self._repository.transaction() as session:
            await lock_service(session, service)
            parameters = {
                "service": service,
                "cap": self._caps.get(service, self._cap),
                "window": self._window,
                "bound": self._limits.get(service),
            }
            picked = [row.task_id for row in await session.execute(_PICK, parameters)]
            rows = list(
                await session.exec(
                    select(TaskRow)
                    .where(col(TaskRow.task_id).in_(picked), col(TaskRow.state) == TaskState.WAITING.value)
                    .with_for_update()
                )
            )
            for row in sorted(rows, key=lambda each: picked.index(each.task_id)):
                await self._release(session, row)
        return len(rows)

    async def _answer_known(self, service: str) -> None:
        """Complete waiting tasks whose work was done meanwhile for somebody else. One transaction for each
        job: whoever holds the rows of two may wait for a third party that waits for one of them."""
        async with self._repository.transaction() as session:
            rows = list(await session.execute(_KNOWN, {"service": service}))
            results = await known_results(session, {row.fingerprint for row in rows})
        known: defaultdict[UUID, dict[UUID, TaskResult]] = defaultdict(dict)
        for row in rows:
            known[row.job_id][row.task_id] = results[row.fingerprint]
        for job_id, answers in known.items():
            async with self._repository.transaction() as session:
                await self._repository.change_job(session, job_id, partial(_answered, answers=answers))

    async def _release(self, session: AsyncSession, row: TaskRow) -> None:
        row.state = TaskState.RELEASED.value
        row.released_at = utcnow()
        task = msgspec.convert(row.payload, Task)
        message_id = f"{row.task_id}.{row.released_at.timestamp():.6f}"
        subject = task_subject(row.service, row.lane)
        await self._repository.outbox.add(session, subject, task, message_id=message_id, trace=row.trace)

    async def measure(self) -> None:
        """For `Health.measure`. Every replica tells the same: what the database holds."""
        async with self._repository.transaction() as session:
            found = {(service, state): rest for service, state, *rest in await session.execute(_COUNTS)}
        for service in SERVICES:
            ages = [0.0]
            for state in ("waiting", "released", "running"):
                count, age = found.get((service, state), (0, 0))
                TASKS_OPEN.labels(service, state).set(count)
                if state != "running":
                    ages.append(float(age))
            OLDEST.labels(service).set(max(ages))


def _answered(flow: Flow, answers: Mapping[UUID, TaskResult]) -> Flow:
    for task_id, result in answers.items():
        flow = workflow.completed(flow, task_id, result)
    return flow
