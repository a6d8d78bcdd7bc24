"""`reelbus/stack/rights.json`: what each service may do on the bus, from what it does in the code.

A service publishes what it sends, subscribes to what it answers, consumes by its own consumers, and gets
answers on an inbox that nobody else reads. Subjects of JetStream's API are those of NATS ADR-1, ADR-13,
ADR-15 (acknowledgements) and ADR-8 (key-value).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from libs.contracts.base import Event, Method, Signal
from libs.contracts.registry import declarations
from libs.contracts.streams import (
    EVENTS,
    KEEPER,
    STREAMS,
    TASKS,
    Stream,
    dlq_subject,
    event_consumer,
    inbox,
    service_tasks,
    stream_consumer,
)
from reelbus.docs.schemas import text_of
from reelbus.docs.usage import COMMAND, Usage

PATH = Path("reelbus/stack/rights.json")
_API = "$JS.API"
_BUCKETS = {"notify": "notify_delivered"}
"""Who keeps a key-value bucket, and its name."""
_GIVEN_UP = "jobs"
"""Takes messages that the server gave up on out of their streams (`libs.chassis.advisories`)."""


def page(usage: Usage) -> str:
    """`publish`, `subscribe` and `answers` (whether it answers calls) by service; subjects as NATS takes
    them."""
    return text_of({service: _rights(service, usage) for service in _services(usage)})


def _services(usage: Usage) -> list[str]:
    sides = (*usage.senders.values(), *usage.receivers.values())
    return sorted({who for side in sides for who in side} - {COMMAND})


def _rights(service: str, usage: Usage) -> dict[str, Any]:
    answers = _heard(service, usage, Method)
    publish = {
        *_sent(service, usage),
        *_streams(service),
        *(right for consumed in _consumed(service, usage) for right in consumed),
        *(_bucket(_BUCKETS[service]) if service in _BUCKETS else ()),
    }
    return {
        "publish": sorted(publish),
        "subscribe": sorted({f"{inbox(service)}.>", *answers, *_heard(service, usage, Signal)}),
        "answers": bool(answers),
    }


def _sent(service: str, usage: Usage) -> Iterator[str]:
    for constant, value in declarations().items():
        if service in usage.senders.get(constant, ()):
            yield value.subject
    if service in usage.planners:
        yield from TASKS.subjects


def _heard(service: str, usage: Usage, kind: type[Method[Any]] | type[Signal[Any]]) -> set[str]:
    return {
        value.subject
        for constant, value in declarations().items()
        if isinstance(value, kind) and service in usage.receivers.get(constant, ())
    }


def _streams(service: str) -> Iterator[str]:
    """All make streams that are missing: creating one that is there changes nothing."""
    verbs = ("INFO", "CREATE", *(("UPDATE",) if service == KEEPER else ()))
    for stream in STREAMS:
        yield from (f"{_API}.STREAM.{verb}.{stream.name}" for verb in verbs)
        if service == _GIVEN_UP:
            yield f"{_API}.STREAM.MSG.GET.{stream.name}"
    if service == _GIVEN_UP:
        yield f"{_API}.STREAM.MSG.DELETE.{TASKS.name}"


def _consumed(service: str, usage: Usage) -> Iterator[Iterator[str]]:
    for constant, value in declarations().items():
        if isinstance(value, Event) and service in usage.receivers.get(constant, ()):
            if service in usage.followers.get(constant, ()):
                yield _consumer(EVENTS, "*", None, value.subject)
            else:
                name = event_consumer(service, value.name, value.version)
                yield _consumer(EVENTS, name, value.subject, value.subject)
    if any(service in workers for workers in usage.workers.values()):
        yield _consumer(TASKS, service, service_tasks(service), service_tasks(service))
    for stream in STREAMS:
        if service in usage.receivers.get(stream.name, ()):
            name = stream_consumer(service, stream.name)
            for subject in stream.subjects:
                yield _consumer(stream, name, subject, ">")


def _consumer(stream: Stream, name: str, only: str | None, source: str) -> Iterator[str]:
    """Make a consumer of messages on the subject `only` (a follower's, whose name and number of subjects
    vary: of any), pull from it, acknowledge, and bury what is given up."""
    end = f".{only}" if only else ""
    yield f"{_API}.CONSUMER.CREATE.{stream.name}.{name}{end}"
    yield f"{_API}.CONSUMER.INFO.{stream.name}.{name}"
    yield f"{_API}.CONSUMER.MSG.NEXT.{stream.name}.{name}"
    yield f"$JS.ACK.{stream.name}.{name}.>"
    yield dlq_subject(source)


def _bucket(name: str) -> Iterator[str]:
    stream = f"KV_{name}"
    yield from (f"{_API}.STREAM.{verb}.{stream}" for verb in ("INFO", "CREATE", "UPDATE", "MSG.GET"))
    yield f"{_API}.DIRECT.GET.{stream}.>"
    yield f"$KV.{name}.>"
