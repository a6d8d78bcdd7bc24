"""One run: a stack, a crowd, a monkey, and what they leave."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.clips import make_clips
from tests.chaos.crowd import Customer
from tests.chaos.evidence import collect, settle
from tests.chaos.monkey import Monkey
from tests.chaos.plan import CLIPS, Plan
from tests.chaos.records import Record
from tests.chaos.watch import Watch
from tests.integration.client import Operator
from tests.integration.conftest import IMPATIENT, ROOT
from tests.stack.harness import Stack, wait_until

KILLING, LIMIT = 240.0, 420.0
"""Seconds for which is killed at most, and within which every job has ended, both from the beginning."""
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
    watch, monkey = Watch(operator.connection.nats_url), Monkey(stack, operator, plan.kills)
    watch.start()
    begun = time.monotonic()
    say(f"{len(plan.orders)} jobs of {len(plan.users)} users, and the killing begins")
    monkey.start()
    try:
        with ThreadPoolExecutor(len(crowd)) as pool:
            list(pool.map(lambda customer: customer.work(begun, begun + LIMIT), crowd))
    finally:
        monkey.stop()
    seconds = time.monotonic() - begun
    say(f"all have ended after {seconds:.0f} s; looking at what is left")
    wait_until(lambda: all(p["state"] == "ready" for p in stack.processes().values()), _READY_WITHIN)
    _hear_out(crowd)
    settle(operator)
    watch.stop()
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


def _hear_out(crowd: list[Customer]) -> None:
    """Let sockets tell, for some seconds, what they have not told yet."""
    deadline = time.monotonic() + _TOLD_WITHIN
    while time.monotonic() < deadline and not all(_told(customer) for customer in crowd):
        time.sleep(0.5)
    for customer in crowd:
        customer.ears.stop()


def _told(customer: Customer) -> bool:
    wanted = {job_id for outcome in customer.outcomes.values() for job_id in outcome.job_ids}
    return wanted <= customer.ears.ended()
