"""Users of the bus: each service can do what it is for, and, taken over, not what others are for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from pydantic import SecretStr

from libs.chassis.bus import Bus, started
from libs.chassis.delivery import Delivery
from libs.chassis.settings import BusSettings
from libs.contracts.base import Method
from libs.contracts.errors import NotFoundError
from libs.contracts.registry import declarations
from libs.contracts.rpc import CANCEL_JOB, CancelJob
from libs.contracts.streams import EVENTS, KEEPER, STREAMS, TASKS, inbox, task_subject
from libs.contracts.tasks import TASK_STOPPED, TaskStopped
from reelbus.stack import bus_users
from reelbus.stack.secrets import Secrets
from tests.chassis.buses import Note, no_end, until
from tests.chassis.servers import GuardedNats, Nats, up

pytestmark = pytest.mark.anyio

KEYS = Secrets()
SERVICES = sorted(bus_users.rights())
WORKERS = ("analyze", "ingest", "sessions", "speech", "transcode")
ANOTHER = {service: "speech" if service != "speech" else "transcode" for service in SERVICES}


def make(folder: Path) -> GuardedNats:
    """A server that knows the users of a stack."""
    return GuardedNats(folder, bus_users.authorization(bus_users.passwords(KEYS)))


def url_of(server: Nats, user: str) -> str:
    return bus_users.urls(KEYS, f"127.0.0.1:{server.port}")[user]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedNats]:
    with up(make(tmp_path_factory.mktemp("guarded"))) as server:
        yield server


@asynccontextmanager
async def connected(server: Nats, service: str) -> AsyncIterator[Bus]:
    bus = Bus(service, BusSettings(nats_url=SecretStr(url_of(server, service))))
    await bus.connect()
    yield bus


@asynccontextmanager
async def taken_over(server: Nats, service: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A bare client with the credentials of a service, and what the server refused it."""
    client, refused = Client(), list[str]()

    async def note(error: Exception) -> None:
        refused.append(str(error).lower())

    await client.connect(url_of(server, service), error_cb=note, inbox_prefix=inbox(service))
    try:
        yield client, refused
    finally:
        await client.close()


# --- what each is for -----------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_starts_when_jobs_has_made_the_streams(
    service: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with up(make(tmp_path)) as server:
        async with (
            connected(server, KEEPER) as jobs,
            started(jobs),
            connected(server, service) as bus,
            started(bus),
        ):
            for stream in STREAMS:
                assert await bus.made_at(stream)
            await bus.care()
    assert "violation" not in caplog.text.lower()


async def test_a_task_goes_out_and_its_end_and_calls_come_back(
    guarded: Nats, caplog: pytest.LogCaptureFixture
) -> None:
    """By the rights alone, through the chassis as services use it."""
    taken, ended = list[str](), list[TaskStopped]()
    task, job = uuid4(), uuid4()

    async def work(note: Note, _: Delivery) -> None:
        taken.append(note.text)
        stopped = TaskStopped(task_id=task, job_id=job, fingerprint="f", keys=[])
        await worker.publish(TASK_STOPPED, stopped, message_id=f"end-{task}")

    async def on_stopped(stopped: TaskStopped, _: Delivery) -> None:
        ended.append(stopped)

    async def on_cancel(_: CancelJob) -> None:
        raise NotFoundError("There is no such job.")

    async with connected(guarded, "jobs") as jobs, connected(guarded, "transcode") as worker:
        jobs.consume(TASK_STOPPED, on_stopped)
        jobs.serve(CANCEL_JOB, on_cancel)
        worker.work("transcode", Note, work, no_end, lanes=2)
        async with connected(guarded, "edge") as edge, started(jobs), started(worker), started(edge):
            await jobs.jetstream.publish(task_subject("transcode", "batch"), b'{"text":"go"}')
            await until(lambda: ended)
            with pytest.raises(NotFoundError, match="no such job"):
                await edge.call(CANCEL_JOB, CancelJob(job_id=job, owner="ann"))
    assert taken == ["go"]
    assert "violation" not in caplog.text.lower()


def test_no_caller_waits_longer_than_an_answer_may_take() -> None:
    longest = max(value.timeout for value in declarations().values() if isinstance(value, Method))
    assert bus_users.ANSWERED_WITHIN == "5m"
    assert longest < 300


# --- what it is not for ---------------------------------------------------------------------------


def _foreign(service: str) -> Iterator[str]:
    """Subjects that a service that was taken over would like to publish to."""
    other = ANOTHER[service]
    yield f"{inbox(other)}.forged"
    for stream in STREAMS:
        yield from (f"$JS.API.STREAM.{verb}.{stream.name}" for verb in ("DELETE", "PURGE", "SNAPSHOT"))
    yield f"$JS.API.CONSUMER.DELETE.{TASKS.name}.{other}"
    yield f"$JS.API.CONSUMER.CREATE.{TASKS.name}.{other}"
    yield f"$JS.API.CONSUMER.CREATE.{TASKS.name}.{service}"  # of other tasks
    yield f"$JS.API.CONSUMER.CREATE.{TASKS.name}.{service}.tasks.{other}.*"
    yield f"$JS.API.CONSUMER.DURABLE.CREATE.{TASKS.name}.{service}"
    yield f"$JS.API.CONSUMER.MSG.NEXT.{TASKS.name}.{other}"
    yield f"$JS.ACK.{TASKS.name}.{other}.1.1.1.1.0"
    yield "rpc.edge.create_key"
    if service != KEEPER:
        yield task_subject(other, "batch")
        yield "job.completed.v1"
        yield from (f"$JS.API.STREAM.{verb}.{EVENTS.name}" for verb in ("CREATE", "UPDATE"))
        yield f"$JS.API.STREAM.MSG.GET.{EVENTS.name}"
        yield f"$JS.API.STREAM.MSG.DELETE.{TASKS.name}"
        yield f"$JS.API.CONSUMER.CREATE.{EVENTS.name}" + ("" if service in ("edge", "notify") else ".mine")
    if service in WORKERS:
        yield "rpc.edge.authenticate"
        yield "rpc.jobs.execute_queue"
    if service != "notify":
        yield "$KV.notify_delivered.x"


@pytest.mark.parametrize("service", SERVICES)
async def test_it_publishes_nothing_that_is_for_others(guarded: Nats, service: str) -> None:
    async with taken_over(guarded, service) as (client, refused):
        for subject in (subjects := list(_foreign(service))):
            await client.publish(subject, b"{}")
        await client.flush()
        await until(lambda: len(refused) >= len(subjects))
        for subject in subjects:
            assert any(f'publish to "{subject.lower()}"' in each for each in refused), subject


@pytest.mark.parametrize("service", SERVICES)
async def test_it_hears_nothing_that_is_for_others(guarded: Nats, service: str) -> None:
    """Keys and tokens of users (`rpc.edge.authenticate`), answers to others, all there is."""
    subjects = [
        ">",
        "rpc.>",
        "$JS.>",
        "$KV.>",
        "tasks.>",
        "dlq.>",
        "_INBOX.>",
        f"{inbox(ANOTHER[service])}.>",
    ]
    subjects += [] if service == "edge" else ["rpc.edge.authenticate"]
    async with taken_over(guarded, service) as (client, refused):
        for subject in subjects:
            await client.subscribe(subject)
        await client.flush()
        await until(lambda: len(refused) >= len(subjects))
        for subject in subjects:
            assert any(f'subscription to "{subject.lower()}"' in each for each in refused), subject


@pytest.mark.parametrize("url", ["nats://{}", "nats://transcode:{edge}@{}", "nats://nobody:x@{}"])
async def test_strangers_are_not_let_in(guarded: Nats, url: str) -> None:
    server = f"127.0.0.1:{guarded.port}"
    words = bus_users.passwords(KEYS)
    client = Client()
    with pytest.raises(NatsError, match=r"(?i)authorization"):
        await client.connect(url.format(server, edge=words["edge"]), allow_reconnect=False, error_cb=_ignore)
    assert len(set(words.values())) == len(words)


async def _ignore(_: Exception) -> None:
    """What `connect` raises is looked at."""
