"""Looks behind the API once all is quiet: events, rows, objects, and what should not be there."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from typing import Any

import nats
import nats.errors
from nats.js.api import AckPolicy, ConsumerConfig

from libs.chassis.codec import decode
from libs.contracts.jobs import JOB_CANCELLED, JOB_COMPLETED, JOB_CREATED, JOB_FAILED, JobEvent
from libs.contracts.streams import DLQ, EVENTS, TASKS
from libs.contracts.tasks import TASK_COMPLETED, RenderResult, TaskCompleted, TaskResult
from tests.chaos.records import Artifact, Evidence, Fact, JobFact
from tests.integration.client import Operator

QUIET_WITHIN = 60.0
_MAX_OBJECT = 64 << 20
_FAMILY = "jobs"
"""What the crowd calls. Those who run errands for other families clear away what they made."""
_RESULTS, _SESSIONS = "results/", "sessions/"
_JOB_EVENTS = {each.subject for each in (JOB_CREATED, JOB_COMPLETED, JOB_FAILED, JOB_CANCELLED)}
_REMAINS = {
    "unfinished tasks": "SELECT count(*) FROM jobs.tasks"
    " WHERE state IN ('blocked', 'waiting', 'released', 'running')",
    "messages in the outbox of jobs": "SELECT count(*) FROM jobs.outbox",
    "messages in the outbox of ingest": "SELECT count(*) FROM ingest.outbox",
    "objects to be discarded": "SELECT count(*) FROM jobs.discards",
    "uploads under way": "SELECT count(*) FROM ingest.uploads",
}


def settle(operator: Operator) -> None:
    """Wait, not for ever, until nothing remains that should not."""
    deadline = time.monotonic() + QUIET_WITHIN
    while any(_remains(operator).values()) and time.monotonic() < deadline:
        time.sleep(0.5)


def collect(operator: Operator, started: Mapping[str, float]) -> Evidence:
    """What there is of the crowd's jobs, and what remains of anything."""
    objects, uploads = asyncio.run(_stored(operator))
    jobs = [
        JobFact(str(job_id), owner, key, state, created.timestamp(), started.get(str(job_id)))
        for job_id, owner, key, state, created in operator.sql(
            "SELECT job_id, owner, key, state, created_at FROM jobs.jobs WHERE family = $1"
            " ORDER BY created_at",
            _FAMILY,
        )
    ]
    ids = {row.job_id for row in jobs}
    return Evidence(
        jobs=jobs,
        events=[fact for fact in asyncio.run(_events(operator)) if fact.job_id in ids],
        objects=objects,
        results={
            key
            for (key,) in operator.sql("SELECT result->'artifact'->>'key' FROM jobs.results")
            if key is not None and key.startswith(_RESULTS)
        },
        uploads=uploads,
        assets={key for (key,) in operator.sql("SELECT key FROM ingest.assets")},
        remains=_remains(operator),
        handed_back=asyncio.run(_handed_back(operator)),
    )


def _remains(operator: Operator) -> dict[str, int]:
    found = {what: int(operator.sql(query)[0][0]) for what, query in _REMAINS.items()}
    found |= asyncio.run(_messages(operator))
    found |= {"objects of sessions": asyncio.run(_session_objects(operator))}
    return found | {"scratch files": len(operator.scratch_files())}


async def _session_objects(operator: Operator) -> int:
    storage = operator.connection.storage()
    try:
        return len(await storage.keys(_SESSIONS))
    finally:
        storage.close()


async def _messages(operator: Operator) -> dict[str, int]:
    client = await nats.connect(operator.connection.nats_url)
    try:
        counts = [
            (await client.jetstream().stream_info(stream.name)).state.messages for stream in (TASKS, DLQ)
        ]
    finally:
        await client.close()
    return {"tasks on the stream": counts[0], "dead letters": counts[1]}


async def _handed_back(operator: Operator) -> int:
    """Deliveries of tasks beyond the first of each."""
    client = await nats.connect(operator.connection.nats_url)
    try:
        jetstream = client.jetstream()
        stored = (await jetstream.stream_info(TASKS.name)).state.last_seq
        consumers = await jetstream.consumers_info(TASKS.name)
    finally:
        await client.close()
    return sum(each.delivered.consumer_seq for each in consumers if each.delivered) - stored


async def _stored(operator: Operator) -> tuple[dict[str, Artifact], set[str]]:
    """Results with their content, and keys of uploads."""
    storage = operator.connection.storage()
    try:
        found = {}
        for key in await storage.keys(_RESULTS):
            content = await storage.get_bytes(key, max_size=_MAX_OBJECT)
            found[key] = Artifact(key, len(content), hashlib.sha256(content).hexdigest())
        return found, set(await storage.keys("uploads/"))
    finally:
        storage.close()


async def _events(operator: Operator) -> list[Fact]:
    client = await nats.connect(operator.connection.nats_url)
    try:
        jetstream = client.jetstream()
        left = (await jetstream.stream_info(EVENTS.name)).state.messages
        config = ConsumerConfig(ack_policy=AckPolicy.NONE)
        subscription = await jetstream.pull_subscribe("", stream=EVENTS.name, config=config)
        found: list[Fact] = []
        while left > 0:
            messages = await subscription.fetch(min(left, 500), timeout=10)
            left -= len(messages)
            facts = [_fact(each.subject, each.data, each.metadata.timestamp.timestamp()) for each in messages]
            found += [fact for fact in facts if fact is not None]
    finally:
        await client.close()
    return found


def _fact(subject: str, body: bytes, at: float) -> Fact | None:
    """`None` for what is not about a job."""
    name = subject.rpartition(".")[0]
    if subject in _JOB_EVENTS:
        job = decode(body, JobEvent).job
        state, moment = job.state.value.upper(), job.updated_at.timestamp()
        return Fact(at, name, str(job.job_id), state, moment, _artifact(job.result))
    if subject == TASK_COMPLETED.subject:
        done = decode(body, TaskCompleted)
        return Fact(at, name, str(done.job_id), artifact=_artifact(done.result))
    return None


def _artifact(result: TaskResult | Any) -> Artifact | None:
    if not isinstance(result, RenderResult):
        return None
    return Artifact(result.artifact.key, result.artifact.size, result.artifact.sha256)
