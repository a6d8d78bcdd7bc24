"""One run: a stack, a crowd, a monkey, and what they leave."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.clips import make_clips
from tests.chaos.crowd import Customer
from tests.chaos.evidence import collect, settle
from tests.chaos.monkey import Monkey
from tests.chaos.patience import Patience
from tests.chaos.plan import CLIPS, Plan
from tests.chaos.records import Record
from tests.chaos.watch import Watch
from tests.integration.client import Operator
from tests.integration.conftest import IMPATIENT, ROOT
from tests.stack.harness import Stack, wait_until

KILLING, STALLED, LIMIT = 240.0, 120.0, 1800.0
"""Seconds: killing goes on for so long at most; jobs are given up when none ended for so long, or when all of
it took too long. On a machine of its own the run is over long before."""
ENV = {**IMPATIENT, "REELBUS_UPLOAD_EXPIRY": "30", "REELBUS_WS_PING": "3", "REELBUS_DISCARD_INTERVAL": "1"}
_READY_WITHIN, _TOLD_WITHIN = 60.0, 20.0


def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Record:
    """Carry out `plan` on a stack of its own in `folder`."""
    clips = make_clips(folder, CLIPS)
    stack = Stack(folder / "data", ROOT, env=ENV)
    say("starting a stack with two replicas of every service")
    stack.up("--replicas", "2")
    try:
        record = _run(plan, stack, [path for path, _ in clips], [seconds for _, seconds in clips], say)
    finally:
        stack.down()
    if survivors := stack.survivors():
        record.evidence.remains["processes"] = len(survivors)
    return record


def _run(
    plan: Plan, stack: Stack, clips: list[Path], lengths: list[float], say: Callable[[str], None]
) -> Record:
    operator = Operator(stack)
    with ThreadPoolExecutor(len(plan.users)) as pool:
        crowd = list(pool.map(lambda user: _customer(plan, stack, clips, user), plan.users))
    monkey = Monkey(stack, operator, plan.kills)
    with Watch(operator.connection.nats_url) as watch:
        with ExitStack() as listening:
            for customer in crowd:
                listening.enter_context(customer.ears)
            say(f"{len(plan.orders)} jobs of {len(plan.users)} users, and the killing begins")
            seconds = _work(crowd, monkey)
            say(f"over after {seconds:.0f} s; looking at what is left")
            wait_until(lambda: all(p["state"] == "ready" for p in stack.processes().values()), _READY_WITHIN)
            _hear_out(crowd)
        settle(operator)
    return Record(
        lengths=lengths,
        outcomes={key: outcome for customer in crowd for key, outcome in customer.outcomes.items()},
        hearings=[hearing for customer in crowd for hearing in customer.ears.hearings],
        evidence=collect(operator, watch.started),
        trouble=sum((customer.insisting.trouble for customer in crowd), Counter()),
        breaches=[breach for customer in crowd for breach in customer.insisting.breaches],
        kills=monkey.kills,
        spared=monkey.spared,
        seconds=seconds,
    )


def _customer(plan: Plan, stack: Stack, clips: list[Path], user: str) -> Customer:
    return Customer(stack, user, [order for order in plan.orders if order.user == user], clips)


def _work(crowd: list[Customer], monkey: Monkey) -> float:
    """Let all of the crowd work beside the monkey; the seconds that it took."""
    begun, patience = time.monotonic(), Patience(stalled=STALLED, limit=LIMIT)
    with monkey, ThreadPoolExecutor(len(crowd)) as pool:
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
