"""What the jobs channel says."""

from __future__ import annotations

import asyncio
import re

import pytest
from websockets.exceptions import InvalidStatus

from libs.contracts.errors import UnavailableError
from libs.contracts.jobs import (
    Job,
    JobCancelled,
    JobCompleted,
    JobCreated,
    JobError,
    JobFailed,
    JobProgressed,
    JobState,
)
from tests.unit.notify.serving import ALICE, ALICE_KEY, Client, Place, edited, notify, whole
from tests.unit.samples import at, job

pytestmark = pytest.mark.anyio

URL = "https://media.test"
LINK = {"X_API_Key": ALICE_KEY}
OUTPUT = {
    "output_path": "/outputs/00000000-0000-0000-0000-000000000001/output.mp4",
    "download_url": "https://media.test/outputs/00000000-0000-0000-0000-000000000001/output.mp4",
    "duration": 2.0,
    "file_size": 2,
    "width": 320,
    "height": 240,
}


def ident(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


def moved(number: int, percent: float, second: float) -> JobProgressed:
    return JobProgressed(job=edited(number, progress=percent, updated_at=at(second)))


def completed(number: int, second: float) -> JobCompleted:
    return JobCompleted(job=whole(edited(number, updated_at=at(second))))


async def settled(client: Client) -> None:
    """All that was queued for the client has come: the next message is the answer to this."""
    await client.connection.send('{"type":"PING"}')
    assert await client.kinds(1) == ["PONG"]


async def listening(place: Place, client: Client) -> None:
    """Until the hub knows the socket, and it was told its past."""
    await settled(client)
    while ("jobs", "user/alice") not in place.hub._channels:
        await asyncio.sleep(0)


async def test_the_messages_are_those_of_the_contract() -> None:
    async with notify(public_url=URL) as place, place.socket(**LINK) as client:
        await listening(place, client)
        await place.hub.on_job(JobCreated(job=edited(1, state=JobState.PENDING, updated_at=at(1))))
        assert await client.get() == {
            "type": "JOB_UPDATE",
            "data": {"job_id": ident(1), "status": "PENDING", "progress": 0.0},
            "timestamp": "2026-01-01T00:00:01Z",
        }
        await place.hub.on_job(moved(1, 45.5, 2.7))
        assert await client.get() == {
            "type": "JOB_UPDATE",
            "data": {"job_id": ident(1), "status": "PROCESSING", "progress": 45.5},
            "timestamp": "2026-01-01T00:00:02Z",
        }
        await place.hub.on_job(completed(1, 3))
        assert await client.get() == {
            "type": "JOB_COMPLETED",
            "data": {"job_id": ident(1), "output_data": OUTPUT},
            "timestamp": "2026-01-01T00:00:03Z",
        }
        error = JobError(code="media_error", message="Processing failed")
        failed = edited(2, state=JobState.FAILED, error=error, updated_at=at(4))
        await place.hub.on_job(JobFailed(job=failed))
        assert await client.get() == {
            "type": "JOB_ERROR",
            "data": {"job_id": ident(2), "error": "Processing failed"},
            "timestamp": "2026-01-01T00:00:04Z",
        }
        cancelled = edited(3, state=JobState.CANCELLED, progress=45.5, updated_at=at(5))
        await place.hub.on_job(JobCancelled(job=cancelled))
        assert (await client.get())["data"] == {"job_id": ident(3), "status": "CANCELLED", "progress": 45.5}
        await settled(client)
    assert {end.int for end in place.ledger.ends} == {1, 2, 3}


async def test_ping_gets_pong_and_nothing_else_gets_anything() -> None:
    async with notify(public_url=URL) as place, place.socket(**LINK) as client:
        for text in ("hello", "[]", "{}", '{"type":5}', '{"type":"PONG","data":{}}', '"PING"', "{" * 999):
            await client.connection.send(text)
        await client.connection.send(b"\xff\xfe")
        await client.connection.send(b'{"type":"PING"}')
        pong = await client.get()
        assert (pong["type"], pong["data"]) == ("PONG", {})
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", pong["timestamp"])


async def test_the_server_pings_a_client_that_never_speaks_and_keeps_it() -> None:
    async with notify(ws_ping=0.01) as place, place.socket(**LINK) as client:
        pings = [await client.get() for _ in range(10)]
        assert {(ping["type"], str(ping["data"])) for ping in pings} == {("PING", "{}")}


async def test_every_socket_of_a_user_is_told_once_and_the_end_is_last() -> None:
    async with (
        notify(public_url=URL) as place,
        place.socket(**LINK) as first,
        place.socket(Authorization=f"Bearer {ALICE}") as second,
    ):
        await listening(place, first)
        await listening(place, second)
        for event in (moved(1, 10, 1), completed(1, 3), moved(1, 20, 2), completed(1, 3)):
            await place.hub.on_job(event)
        for client in (first, second):
            told = await client.kinds(1)
            if told == ["JOB_UPDATE"]:
                told += await client.kinds(1)
            assert told[-1] == "JOB_COMPLETED"
            await settled(client)


async def test_the_channel_without_credentials_never_carries_jobs() -> None:
    async with notify(public_url=URL) as place:
        place.jobs["user/alice"] = place.jobs["alice"] = [edited(1), edited(2, channel="alice")]
        async with place.socket() as client:
            assert await client.kinds(1) == ["connection"]
            for channel in ("user/alice", "alice"):
                await place.hub.on_job(JobCreated(job=edited(3, channel=channel, updated_at=at(1))))
            await client.connection.send("x")
            assert await client.kinds(1) == ["message"]


@pytest.mark.parametrize("path", ["/ws/user/alice", "/ws/user%2Falice", "/ws/"])
async def test_the_name_of_the_channel_itself_is_no_id(path: str) -> None:
    async with notify(public_url=URL) as place:
        with pytest.raises(InvalidStatus, match="403"):
            async with place.socket(path):
                pass


async def test_jobs_of_others_and_of_other_families_are_not_told() -> None:
    async with notify(public_url=URL) as place:
        place.jobs["user/alice"] = [job(1, channel="user/alice")]
        async with place.socket(**LINK) as client:
            await listening(place, client)
            for other in (job(2, channel="user/alice"), edited(3, channel="user/bob")):
                await place.hub.on_job(JobCreated(job=other))
            await settled(client)


@pytest.fixture
def stored() -> list[Job]:
    """Two unfinished jobs, and one that ended while nobody listened."""
    return [
        edited(1, state=JobState.COMPLETED, progress=100.0, updated_at=at(9)),
        edited(2, state=JobState.PENDING, updated_at=at(1)),
        edited(3, progress=12.34, updated_at=at(2)),
    ]


async def test_who_comes_back_is_told_where_everything_stands(stored: list[Job]) -> None:
    async with notify(public_url=URL) as place:
        place.jobs["user/alice"] = stored
        async with place.socket(**LINK) as client:
            told = {message["data"]["job_id"]: message for message in [await client.get() for _ in range(3)]}
            await place.hub.on_job(completed(1, 9))  # known already
            await settled(client)
        assert told[ident(1)]["data"]["output_data"] == OUTPUT
        assert told[ident(2)]["data"]["status"] == "PENDING"
        assert told[ident(3)]["data"]["progress"] == 12.3
        async with place.socket(**LINK) as client:
            assert await client.kinds(2) == ["JOB_UPDATE"] * 2  # the end was delivered
            await settled(client)


async def test_what_is_not_known_at_first_is_told_later(stored: list[Job]) -> None:
    async with notify(ws_ping=0.02) as place:
        place.jobs["user/alice"] = stored
        place.failing["channel_jobs"] = UnavailableError("away")
        async with place.socket(**LINK) as client:
            assert await client.kinds(2) == ["PING"] * 2
            place.failing.clear()
            told: list[str] = []
            while sum(kind.startswith("JOB") for kind in told) < 3:
                told += await client.kinds(1)
            assert {"JOB_COMPLETED", "JOB_UPDATE"} < {*told}
