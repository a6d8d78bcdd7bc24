"""Who asks for what and when, what is cancelled, and who is killed when: pure, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

REPLICATED = ("edge", "jobs", "ingest", "notify", "transcode", "analyze", "sessions", "speech")
SERVERS = ("nats", "postgres", "s3", "caddy")
CLIPS = 3
"""Different sources that each user uploads."""
PACE = 0.3
"""Seconds between two jobs of the whole crowd, on average."""

_CANCELLED, _TWINS = 0.1, 0.05
_CANCEL_WITHIN = 12.0
_PAUSES, _SERVER_PAUSES = (2.0, 5.0), (15.0, 25.0)
_COLUMNS, _SMALLEST = 40, 64
_FITS = ("pad", "crop", "blur", "pad")


@dataclass(frozen=True)
class Order:
    """A job that `user` asks for, `at` seconds after the start, of the clip with this number; taken back
    `cancel_after` seconds after it was accepted. `fields` go into `input_data`."""

    key: str
    user: str
    clip: int
    at: float
    fields: dict[str, Any]
    cancel_after: float | None = None


@dataclass(frozen=True)
class Kill:
    """`victim` is the name of a process of the stack, `at` seconds after the start."""

    at: float
    victim: str


@dataclass(frozen=True)
class Plan:
    users: list[str]
    orders: list[Order] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)


def make_plan(seed: int, *, jobs: int, users: int, horizon: float, pace: float = PACE) -> Plan:
    """Orders of all users, as many of each as can be, a job every `pace` seconds, and kills for `horizon`
    seconds."""
    names = [f"user-{number}" for number in range(users)]
    orders = _orders(random.Random(seed), names, jobs, pace)
    services = [name for service in REPLICATED for name in (service, f"{service}-2")]
    kills = [
        *_kills(random.Random(f"{seed} services"), services, _PAUSES, horizon),
        *_kills(random.Random(f"{seed} servers"), SERVERS, _SERVER_PAUSES, horizon),
    ]
    return Plan(names, orders, sorted(kills, key=lambda kill: kill.at))


def siblings(victim: str) -> list[str]:
    """The other replicas of a victim; a server has none."""
    service = victim.removesuffix("-2")
    return [name for name in (service, f"{service}-2") if name != victim] if service in REPLICATED else []


def _orders(rng: random.Random, names: Sequence[str], jobs: int, pace: float) -> list[Order]:
    orders: list[Order] = []
    for first, user in enumerate(names):
        orders += _orders_of(rng, user, range(first, jobs, len(names)), jobs * pace, list(orders))
    return orders


def _orders_of(
    rng: random.Random, user: str, numbers: Sequence[int], seconds: float, others: Sequence[Order]
) -> Iterator[Order]:
    """Users want the same, in different orders: whoever waits longer than others is treated otherwise. Some
    of it somebody of the `others` wants as well."""
    count = len(numbers)
    cancelled, twins = set(rng.sample(range(count), round(count * _CANCELLED))), round(count * _TWINS)
    tastes = rng.sample(range(count), count)
    for turn, number in enumerate(numbers):
        clip, fields = tastes[turn] % CLIPS, _fields(number, tastes[turn])
        if tastes[turn] < twins and others:
            model = rng.choice(others)
            clip, fields = model.clip, dict(model.fields)
        yield Order(
            key=f"order-{number}",
            user=user,
            clip=clip,
            at=(turn + rng.random()) * seconds / count,
            fields=fields,
            cancel_after=rng.uniform(0, _CANCEL_WITHIN) if turn in cancelled else None,
        )


def _fields(number: int, taste: int) -> dict[str, Any]:
    """What makes this job's work its own, the size, which no other number has, and what is to be done."""
    fields: dict[str, Any] = {
        "target_duration": 5,
        "target_width": _SMALLEST + 2 * (number % _COLUMNS),
        "target_height": _SMALLEST + 2 * (number // _COLUMNS),
        "fit": _FITS[taste % len(_FITS)],
    }
    if taste % 5 == 0:
        fields["target_lufs"] = -16
    if taste % 10 == 1:
        fields["selection"] = "highlight"
    return fields


def _kills(
    rng: random.Random, victims: Sequence[str], pauses: tuple[float, float], horizon: float
) -> Iterator[Kill]:
    """Everybody's turn comes before anybody's second."""
    at, bag = rng.uniform(*pauses), list[str]()
    while at < horizon:
        bag = bag or rng.sample(victims, len(victims))
        yield Kill(at, bag.pop())
        at += rng.uniform(*pauses)
