"""Executing a queue: waiting for its end, or not."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from libs.contracts.editor import EXECUTE_QUEUE, GET_EXECUTION, EditStatus, Made
from libs.contracts.errors import UnavailableError
from libs.contracts.jobs import JobError, JobEvent, JobState
from libs.contracts.rpc import GET_JOBS, JobList
from tests.unit.edge.backend import EXECUTION, Backend, edge, serving
from tests.unit.edge.visiting import Visit, until

Client = TestClient[Litestar]
URL = "/video/process/execute"
STATE = f"/video/process/jobs/{EXECUTION}"
USER = {"request_code": "user"}
BODY = b'{"request_code": "user"}'
DONE = "All pending jobs for request_code user executed successfully"
ASYNC = {"prefer": "respond-async"}


def edit(
    number: int, state: str = "completed", why: str | None = None, operation: str = "trim"
) -> EditStatus:
    error = JobError(code="media_error", message=why) if why else None
    return EditStatus(edit_id=number, video_id=20 + number, operation=operation, state=state, error=error)


@pytest.fixture(autouse=True)
def queue(backend: Backend) -> None:
    backend.edits = [edit(1), edit(2, operation="concat")]


def test_all_is_done(client: Client) -> None:
    answer = client.post(URL, json=USER)
    assert answer.status_code == 200
    assert answer.json() == {"message": DONE, "execution_id": str(EXECUTION), "video_ids": [21, 22]}
    assert "preference-applied" not in answer.headers


def test_nothing_waits(client: Client, backend: Backend) -> None:
    backend.edits = []
    for headers in ({}, ASYNC):
        answer = client.post(URL, json=USER, headers=headers)
        assert answer.status_code == 400
        assert answer.json() == {"detail": "There are no pending jobs for request_code user."}


def test_failed_entries_are_named_with_their_reasons(client: Client, backend: Backend) -> None:
    backend.state = JobState.FAILED
    backend.edits = [edit(1), edit(2, "failed", "No picture."), edit(3, "failed", "Made of job 2.", "concat")]
    answer = client.post(URL, json=USER)
    assert answer.status_code == 500
    assert answer.json() == {
        "detail": "Job 2 (trim) failed: No picture.; job 3 (concat) failed: Made of job 2.",
        "failed": [
            {"job_id": 2, "video_id": 22, "operation": "trim", "error": "No picture."},
            {"job_id": 3, "video_id": 23, "operation": "concat", "error": "Made of job 2."},
        ],
        "execution_id": str(EXECUTION),
    }


def test_a_cancelled_execution(client: Client, backend: Backend) -> None:
    backend.state, backend.edits = JobState.CANCELLED, [edit(1, "executing")]
    answer = client.post(URL, json=USER)
    assert (answer.status_code, answer.json()["detail"]) == (500, "The execution was cancelled.")


def test_failures_are_told_without_their_list_when_it_cannot_be_had(client: Client, backend: Backend) -> None:
    def fail(_: Any) -> None:
        raise UnavailableError("Away.")

    backend.state, backend.edits = JobState.FAILED, [edit(1, "executing")]
    backend.answers[GET_EXECUTION.subject] = fail
    answer = client.post(URL, json=USER)
    assert (answer.status_code, answer.json()["failed"]) == (500, [])
    assert answer.json()["detail"]


# --- 202 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [JobState.PENDING, JobState.PROCESSING, JobState.COMPLETED, JobState.FAILED]
)
def test_respond_async_answers_at_once(client: Client, backend: Backend, state: JobState) -> None:
    backend.state = state
    answer = client.post(URL, json=USER, headers=ASYNC)
    link = f"http://media.test:8000{STATE}"
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == link
    assert answer.json() == {
        "message": "Pending jobs for request_code user are being executed",
        "execution_id": str(EXECUTION),
        "links": {"execution": link},
    }
    assert client.get(link).json()["state"] == state.value


def test_still_running_after_the_bound(backend: Backend) -> None:
    backend.state = JobState.PROCESSING
    with TestClient(edge(backend, timeout=0.01).app) as client:
        answer = client.post(URL, json=USER)
        assert (answer.status_code, set(answer.json())) == (202, {"message", "execution_id", "links"})
        assert "preference-applied" not in answer.headers


def test_a_hostile_host_executes_nothing(client: Client, backend: Backend) -> None:
    assert client.post(URL, json=USER, headers={"host": "a:b"}).status_code == 400
    assert backend.asked(EXECUTE_QUEUE) == []


# --- waiting --------------------------------------------------------------------------------------


@pytest.fixture
def served(backend: Backend) -> SimpleNamespace:
    backend.state = JobState.PROCESSING
    return edge(backend)


def waiting(served: SimpleNamespace) -> int:
    return sum(map(len, served.waiter._waiting.values()))


@pytest.mark.anyio
async def test_an_event_ends_the_wait(backend: Backend, served: SimpleNamespace) -> None:
    stale = JobList(jobs=[backend.job()])
    backend.answers[GET_JOBS.subject] = lambda _: stale
    visit = Visit(served.app, URL, BODY)
    await until(lambda: waiting(served))
    backend.state = JobState.COMPLETED
    await served.waiter.on_end(JobEvent(job=backend.job()))
    await visit.task
    assert visit.status == 200
    assert served.waiter._places == waiting(served) == 0


@pytest.mark.anyio
async def test_a_lost_event_is_made_up_for(backend: Backend, served: SimpleNamespace) -> None:
    visit = Visit(served.app, URL, BODY)
    await until(lambda: waiting(served))
    backend.state = JobState.FAILED
    await visit.task
    assert visit.status == 500


@pytest.mark.anyio
async def test_who_goes_away_waits_no_more(served: SimpleNamespace) -> None:
    visit = Visit(served.app, URL, BODY)
    await until(lambda: waiting(served))
    visit.leave()
    async with asyncio.timeout(10):
        await visit.task
    assert served.waiter._places == waiting(served) == 0


@pytest.mark.anyio
async def test_who_hangs_up_on_a_real_server_waits_no_more(served: SimpleNamespace) -> None:
    body = b'{"request_code": "user"}'
    head = f"POST {URL} HTTP/1.1\r\nHost: media.test\r\nContent-Length: {len(body)}\r\n\r\n"
    async with serving(served.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + body)
        await until(lambda: waiting(served))
        writer.close()
        await until(lambda: served.waiter._places == 0)
    assert waiting(served) == 0


@pytest.mark.anyio
async def test_where_too_many_wait_the_next_does_not(backend: Backend, served: SimpleNamespace) -> None:
    visits = [Visit(served.app, URL, BODY) for _ in range(3)]
    await until(lambda: waiting(served) == 3)
    transport = httpx.ASGITransport(app=cast("Any", served.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://media.test") as client:
        full = await client.post(URL, json=USER)
        assert full.status_code == 202
        assert full.json()["links"]["execution"] == full.headers["location"]
    backend.state = JobState.COMPLETED
    await asyncio.gather(*(visit.task for visit in visits))
    assert [visit.status for visit in visits] == [200] * 3


@pytest.mark.anyio
async def test_a_client_may_say_how_long_it_waits(backend: Backend, served: SimpleNamespace) -> None:
    visit = Visit(served.app, URL, BODY, [(b"prefer", b"wait=0")])
    await visit.task
    assert visit.status == 202
    patient = Visit(served.app, URL, BODY, [(b"prefer", b"respond-async, wait=50")])
    await until(lambda: waiting(served))
    backend.state = JobState.COMPLETED
    await patient.task
    assert patient.status == 200


# --- the state of an execution --------------------------------------------------------------------


def test_the_state_of_a_running_execution(client: Client, backend: Backend) -> None:
    backend.state, backend.edits = JobState.PROCESSING, [edit(1, "executing")]
    answer = client.get(STATE)
    assert answer.status_code == 200
    assert answer.json() == {
        "execution_id": str(EXECUTION),
        "state": "processing",
        "progress": 0.0,
        "error": None,
        "created_at": "2026-01-01T00:00:00+00:00",
        "updated_at": "2026-01-01T00:00:00+00:00",
        "jobs": [
            {
                "job_id": 1,
                "video_id": 21,
                "operation": "trim",
                "state": "executing",
                "error": None,
                "download_link": None,
                "method": None,
                "copied_packets": None,
                "encoded_frames": None,
                "notes": [],
            }
        ],
    }


def test_the_state_of_one_that_ended(client: Client, backend: Backend) -> None:
    backend.state = JobState.FAILED
    made = Made(method="smart", copied_packets=40, encoded_frames=7, notes=["The cover was not kept."])
    good = msgspec.structs.replace(edit(1), path="/storage/modi/clip21.mp4", made=made)
    backend.edits = [good, edit(2, "failed", "No picture.")]
    first, second = client.get(STATE).json()["jobs"]
    assert first["download_link"] == "http://media.test:8000/storage/modi/clip21.mp4"
    assert (first["method"], first["copied_packets"], first["encoded_frames"]) == ("smart", 40, 7)
    assert first["notes"] == ["The cover was not kept."]
    assert (second["download_link"], second["error"]) == (None, "No picture.")


@pytest.mark.parametrize("name", [str(UUID(int=5)), "1", "x", "%00", "x" * 5000])
def test_executions_that_are_not_there(client: Client, name: str) -> None:
    answer = client.get(f"/video/process/jobs/{name}")
    assert (answer.status_code, set(answer.json())) == (404, {"detail"})
