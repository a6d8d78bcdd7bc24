"""`Idempotency-Key`: one job for one key of a user, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.contracts.jobs import JobState
from libs.contracts.rpc import GET_JOBS, SUBMIT_JOBS, JobList
from tests.unit.edge.motion import motion_edge
from tests.unit.edge.office import (
    ANN,
    BOB,
    EDIT,
    NEW,
    Client,
    Office,
    bearer,
    invalid,
    office_client,
    refusal,
)
from tests.unit.edge.visiting import Visit
from tests.unit.samples import asset

KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> Iterator[Client]:
    with office_client(office) as client:
        yield client


def create(client: Client, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    body = {"job_type": "VIDEO_EDIT", "input_data": EDIT | changes}
    return client.post("/jobs", json=body, headers=headers or KEY)


def test_the_same_again(client: Client, office: Office) -> None:
    first, second = create(client), create(client)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert len(office.asked(SUBMIT_JOBS)) == len(office.added) == 1


def test_the_same_written_otherwise(client: Client) -> None:
    first = create(client)
    written = '{"input_data": {"target_lufs": -14, "target_height": 1920.0, "target_width": 1.08e3,'
    written += f'"target_duration": 30, "input_path": "{EDIT["input_path"]}"}}, "job_type": "VIDEO_EDIT"}}'
    assert client.post("/jobs", content=written, headers=KEY).json() == first.json()


def test_it_is_answered_as_it_is_now(client: Client, office: Office) -> None:
    job_id = create(client).json()["job_id"]
    client.delete(f"/jobs/{job_id}")
    office.stored.clear()  # what it was made of may be gone
    again = create(client).json()
    assert (again["job_id"], again["status"]) == (job_id, "CANCELLED")


@pytest.mark.parametrize("changes", [{"target_lufs": -16.0}, {"fit": "pad"}, {"note": "x"}])
def test_another_body(client: Client, office: Office, changes: dict[str, Any]) -> None:
    create(client)
    refusal(create(client, **changes), 409, "Conflict")
    assert len(office.added) == 1


def test_keys_of_others_and_other_keys(client: Client, office: Office) -> None:
    office.stored[UUID(int=501)] = asset(501, owner=BOB)
    mine = create(client).json()["job_id"]
    theirs = create(client, KEY | bearer("bob"), input_path=str(UUID(int=501))).json()["job_id"]
    another = create(client, {"Idempotency-Key": "another"}).json()["job_id"]
    assert len({mine, theirs, another}) == 3
    assert [each.job.owner for each in office.added.values()] == [ANN, BOB, ANN]


def test_what_was_not_accepted_is_not_remembered(client: Client) -> None:
    invalid(create(client, target_duration=1), "target_duration")
    invalid(create(client, input_path="nowhere"), "input_path")
    assert create(client).status_code == 200


def test_two_at_the_same_time(client: Client, office: Office) -> None:
    """Neither sees the other's job before it submits its own; jobs answers both with the first."""
    first = create(client).json()
    office.answers[GET_JOBS.subject] = lambda _: JobList(jobs=[])
    assert create(client).json() == first
    refusal(create(client, target_lufs=-16.0), 409, "Conflict")
    assert len(office.asked(SUBMIT_JOBS)) == 3
    assert len(office.added) == 1


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "ключ", "a\tb"])
def test_keys_that_make_no_sense(client: Client, office: Office, key: str) -> None:
    invalid(create(client, {"Idempotency-Key": key.encode()}), "Idempotency-Key")  # type: ignore[dict-item]  # httpx takes bytes
    assert office.calls == []


def test_two_keys(office: Office) -> None:
    token = bearer()["Authorization"].encode()
    headers = [(b"authorization", token), (b"idempotency-key", b"a"), (b"idempotency-key", b"a")]

    async def visited() -> Visit:
        visit = Visit(motion_edge(office).app, "/jobs", msgspec.json.encode(NEW), headers)
        await visit.task
        return visit

    visit = asyncio.run(visited())
    assert visit.status == 400
    assert msgspec.json.decode(visit.body)["details"]["field"] == "Idempotency-Key"
    assert office.calls == []


@pytest.mark.parametrize("key", ["a", '"8e03978e-40d5"', "a b", "a" * 255])
def test_keys_that_make_sense(client: Client, office: Office, key: str) -> None:
    assert create(client, {"Idempotency-Key": key}).status_code == 200
    (job,) = office.added.values()
    assert job.job.state is JobState.PENDING
    assert job.job.key.startswith("job/idem/")
