"""One run: a stack, a crowd, whoever disturbs it, and what they leave."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.clips import make_clips
from tests.chaos.crowd import Customer
from tests.chaos.errands import Errands, Movies, Photographs, Uploads
from tests.chaos.evidence import collect, settle
from tests.chaos.monkey import Monkey
from tests.chaos.patience import Patience
from tests.chaos.plan import CLIPS, Plan
from tests.chaos.records import Record
from tests.chaos.roller import Roller
from tests.chaos.watch import Watch
from tests.integration.client import Operator
from tests.integration.conftest import IMPATIENT, ROOT
from tests.integration.warehouse import NETWORK, Warehouse
from tests.stack.harness import Stack, wait_until

KILLING, STALLED, LIMIT = 240.0, 120.0, 1800.0
"""Seconds: killing goes on for so long at most; jobs are given up when none ended for so long, or when all of
it took too long. On a machine of its own the run is over long before."""
REPLICAS = 2
ENV = {**IMPATIENT, "REELBUS_UPLOAD_EXPIRY": "30", "REELBUS_WS_PING": "3", "REELBUS_DISCARD_INTERVAL": "1"}
_ROLLING_ENV = {"REELBUS_SHUTDOWN_DELAY": "4", "REELBUS_SHUTDOWN_GRACE": "60"}
"""As in production; a stack that stops as a whole has nobody to wait for."""
_READY_WITHIN, _TOLD_WITHIN = 60.0, 20.0
_CARRIERS = 2

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """Where a run takes place: the clips and the seconds that each lasts."""

    stack: Stack
    operator: Operator
    warehouse: Warehouse
    folder: Path
    clips: list[Path]
    lengths: list[float]


def run(plan: Plan, folder: Path, say: Say, *, rolling: bool = False) -> Record:
    """Carry out `plan` on a stack of its own in `folder`: with its kills, or with restarts one by one."""
    clips = make_clips(folder, CLIPS)
    with _stack(folder, say, _ROLLING_ENV if rolling else {}) as (stack, warehouse):
        paths, lengths = [path for path, _ in clips], [seconds for _, seconds in clips]
        record = _run(plan, Stage(stack, Operator(stack), warehouse, folder, paths, lengths), say, rolling)
    if survivors := stack.survivors():
        record.evidence.remains["processes"] = len(survivors)
    return record


@contextmanager
def _stack(folder: Path, say: Say, more: dict[str, str]) -> Iterator[tuple[Stack, Warehouse]]:
    warehouse = Warehouse()
    fetch = {"REELBUS_FETCH_NETWORKS": NETWORK, "REELBUS_FETCH_PORTS": f"80,443,{warehouse.port}"}
    stack = Stack(folder / "data", ROOT, env={**ENV, **fetch, **more})
    say(f"starting a stack with {REPLICAS} replicas of every service")
    stack.up("--replicas", str(REPLICAS))
    try:
        yield stack, warehouse
    finally:
        stack.down()
        warehouse.close()


def _run(plan: Plan, stage: Stage, say: Say, rolling: bool) -> Record:
    stack, operator = stage.stack, stage.operator
    with ThreadPoolExecutor(len(plan.users)) as pool:
        crowd = list(pool.map(lambda user: _customer(plan, stage, user), plan.users))
    errands = _errands(stage) if rolling else []
    monkey = Monkey(stack, operator, plan.kills)
    roller = Roller(stack, operator, REPLICAS)
    with Watch(operator.connection.nats_url) as watch:
        with ExitStack() as listening:
            for each in [*(customer.ears for customer in crowd), *errands]:
                listening.enter_context(each)
            what = "the restarts begin" if rolling else "the killing begins"
            say(f"{len(plan.orders)} jobs of {len(plan.users)} users, and {what}")
            seconds = _work(crowd, roller if rolling else monkey)
            say(f"over after {seconds:.0f} s; looking at what is left")
            wait_until(lambda: all(p["state"] == "ready" for p in stack.processes().values()), _READY_WITHIN)
            _hear_out(crowd)
        settle(operator)
    insisting = [*(each.insisting for each in crowd), *(each.insisting for each in errands)]
    return Record(
        lengths=stage.lengths,
        outcomes={key: outcome for customer in crowd for key, outcome in customer.outcomes.items()},
        hearings=[hearing for customer in crowd for hearing in customer.ears.hearings],
        evidence=collect(operator, watch.started),
        trouble=sum((each.trouble for each in insisting), Counter()),
        breaches=[breach for each in insisting for breach in each.breaches],
        kills=monkey.kills,
        spared=monkey.spared,
        restarts=roller.restarts,
        errands=[each for user in errands for each in user.done],
        seconds=seconds,
    )


def _customer(plan: Plan, stage: Stage, user: str) -> Customer:
    orders = [order for order in plan.orders if order.user == user]
    return Customer(stage.stack, user, orders, stage.clips)


def _errands(stage: Stage) -> list[Errands]:
    longest = stage.clips[-1]
    return [
        Photographs(stage.stack, longest),
        Movies(stage.stack, stage.warehouse, stage.folder),
        *(Uploads(stage.stack, longest) for _ in range(_CARRIERS)),
    ]


def _work(crowd: list[Customer], disturbing: Monkey | Roller) -> float:
    """Let all of the crowd work while it is disturbed; the seconds that it took."""
    begun, patience = time.monotonic(), Patience(stalled=STALLED, limit=LIMIT)
    with disturbing, ThreadPoolExecutor(len(crowd)) as pool:
        list(pool.map(lambda customer: customer.work(begun, patience), crowd))
    return time.monotonic() - begun


def _hear_out(crowd: list[Customer]) -> None:
    """Let sockets tell, for some seconds, what they have not told yet."""
    deadline = time.monotonic() + _TOLD_WITHIN
    while time.monotonic() < deadline and not all(_told(customer) for customer in crowd):
        time.sleep(0.5)


def _told(customer: Customer) -> bool:
    wanted = {job_id for outcome in customer.outcomes.values() for job_id in outcome.job_ids}
    return wanted <= customer.ears.ends
