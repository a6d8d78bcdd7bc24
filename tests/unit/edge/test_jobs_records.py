"""Jobs that are there: one, many, cancelled, and their outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import UnavailableError
from libs.contracts.jobs import JobError, JobState
from libs.contracts.rpc import CANCEL_JOB, GET_DETAILS, LIST_JOBS
from tests.unit.edge.office import EDIT, VIDEO, Client, Office, invalid, office_client, refusal
from tests.unit.samples import at, result

JOB = UUID(int=7)
OUTPUT = f"/outputs/{JOB}/output.mp4"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> Iterator[Client]:
    with office_client(office) as client:
        yield client


# --- one ------------------------------------------------------------------------------------------


def test_a_job_in_work(client: Client, office: Office) -> None:
    office.have(7, progress=45.51, updated_at=at(60.9))
    answer = client.get(f"/jobs/{JOB}")
    assert answer.status_code == 200
    assert answer.json() == {
        "job_id": str(JOB),
        "job_type": "VIDEO_EDIT",
        "status": "PROCESSING",
        "progress": 45.5,
        "input_data": EDIT,
        "output_data": None,
        "error_message": None,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:01:00Z",
        "completed_at": None,
    }
    assert answer.headers["cache-control"] == "no-store"


def test_a_completed_job(client: Client, office: Office) -> None:
    office.made(7)
    found = client.get(f"/jobs/{JOB}").json()
    assert (found["status"], found["progress"], found["error_message"]) == ("COMPLETED", 100.0, None)
    assert (found["updated_at"], found["completed_at"]) == ("2026-01-01T00:01:00Z",) * 2
    assert found["output_data"] == {
        "output_path": OUTPUT,
        "duration": 30.0,
        "width": 1080,
        "height": 1920,
        "file_size": len(VIDEO),
        "download_url": f"http://media.test:8000{OUTPUT}",
    }
    assert client.get(found["output_data"]["download_url"]).content == VIDEO


def test_links_under_the_public_url(office: Office) -> None:
    office.made(7)
    with office_client(office, public_url="https://media.example") as client:
        url = client.get(f"/jobs/{JOB}").json()["output_data"]["download_url"]
    assert url == f"https://media.example{OUTPUT}"


def test_a_failed_job(client: Client, office: Office) -> None:
    office.have(7, state=JobState.FAILED, error=JobError(code="media_error", message="Processing failed"))
    found = client.get(f"/jobs/{JOB}").json()
    assert (found["status"], found["error_message"]) == ("FAILED", "Processing failed")
    assert (found["output_data"], found["completed_at"]) == (None, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "job_id", ["job_123", str(UUID(int=99)), "0", "%00", "会话", JOB.hex, f"{JOB}x", "urn:uuid:" + str(JOB)]
)
def test_jobs_that_are_not_there(client: Client, office: Office, job_id: str) -> None:
    office.have(7)
    for method in ("GET", "DELETE"):
        body = refusal(client.request(method, f"/jobs/{job_id}"), 404, "Not Found")
        assert body["message"] == "Job not found"


def test_jobs_of_other_families(client: Client, office: Office) -> None:
    office.made(7, family="videocraft")
    for method, path in (("GET", f"/jobs/{JOB}"), ("DELETE", f"/jobs/{JOB}"), ("GET", OUTPUT)):
        refusal(client.request(method, path), 404, "Not Found")
    assert client.get("/jobs").json()["total"] == 0
    assert office.asked(CANCEL_JOB) == []


# --- many -----------------------------------------------------------------------------------------


def test_the_list(client: Client, office: Office) -> None:
    for number in range(1, 6):
        office.have(number, state=JobState.PENDING if number % 2 else JobState.PROCESSING)
    answer = client.get("/jobs", params={"status": "PENDING", "limit": 2, "offset": 1})
    assert answer.status_code == 200
    jobs = answer.json().pop("jobs")
    assert answer.json() == {"total": 3, "offset": 1, "limit": 2, "jobs": jobs}
    assert [job["job_id"] for job in jobs] == [str(UUID(int=3)), str(UUID(int=1))]
    assert jobs[0] == {
        "job_id": str(UUID(int=3)),
        "job_type": "VIDEO_EDIT",
        "status": "PENDING",
        "progress": 0.0,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }
    assert answer.headers["cache-control"] == "no-store"


def test_the_list_by_default(client: Client, office: Office) -> None:
    assert client.get("/jobs").json() == {"total": 0, "offset": 0, "limit": 20, "jobs": []}
    (request,) = office.asked(LIST_JOBS)
    assert (request.owner, request.family, request.states) == ("user:ann", "jobs", None)


@pytest.mark.parametrize("state", list(JobState))
def test_every_status(client: Client, office: Office, state: JobState) -> None:
    office.have(1, state=state)
    name = state.value.upper()
    for status, count in ((name, 1), ("PENDING" if name != "PENDING" else "FAILED", 0)):
        assert len(client.get("/jobs", params={"status": status}).json()["jobs"]) == count


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=DONE", "status"),
        ("status=", "status"),
        ("status=pending", "status"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=" + "9" * 500, "limit"),
        ("limit=%D9%A1", "limit"),
        ("offset=-1", "offset"),
        ("offset=x", "offset"),
        ("offset=" + "9" * 19, "offset"),
        ("limit=0&status=x", "status"),
    ],
)
def test_queries_that_make_no_sense(client: Client, office: Office, query: str, field: str) -> None:
    invalid(client.get(f"/jobs?{query}"), field)
    assert office.calls == []


def test_an_offset_past_the_end(client: Client, office: Office) -> None:
    office.have(1)
    answer = client.get(f"/jobs?offset={10**18 - 1}&limit=100").json()
    assert (answer["total"], answer["jobs"]) == (1, [])


# --- cancelled ------------------------------------------------------------------------------------


def test_cancelling_and_again(client: Client, office: Office) -> None:
    office.have(7, progress=45.5)
    for _ in range(2):
        answer = client.delete(f"/jobs/{JOB}")
        assert answer.status_code == 200
        assert answer.json() == {
            "job_id": str(JOB),
            "status": "CANCELLED",
            "progress": 45.5,
            "updated_at": "2026-01-01T00:01:00Z",
        }
    assert client.get(f"/jobs/{JOB}").json()["status"] == "CANCELLED"


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED])
def test_cancelling_what_has_ended(client: Client, office: Office, state: JobState) -> None:
    office.have(7, state=state)
    body = refusal(client.delete(f"/jobs/{JOB}"), 409, "Conflict")
    assert body["message"] == f"The job is {state.value} already."


# --- outputs --------------------------------------------------------------------------------------


def test_an_output_and_its_parts(client: Client, office: Office) -> None:
    office.made(7)
    whole = client.get(OUTPUT)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, VIDEO, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    head = client.head(OUTPUT)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(VIDEO)))
    assert head.headers["etag"] == whole.headers["etag"]
    part = client.get(OUTPUT, headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    last = client.get(OUTPUT, headers={"range": "bytes=-6"})
    assert (last.status_code, last.content) == (206, b"output")
    past = client.get(OUTPUT, headers={"range": "bytes=100-"})
    refusal(past, 416, "Requested Range Not Satisfiable")
    assert past.headers["content-range"] == f"bytes */{len(VIDEO)}"
    assert client.get(OUTPUT, headers={"if-none-match": whole.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "name", ["other.mp4", "output", "OUTPUT.mp4", "output.mp4.mp4", "..", "%2e%2e", "%00", "会话.mp4"]
)
def test_outputs_that_are_called_otherwise(client: Client, office: Office, name: str) -> None:
    office.made(7)
    refusal(client.get(f"/outputs/{JOB}/{name}"), 404, "Not Found")


@pytest.mark.parametrize("state", [each for each in JobState if each is not JobState.COMPLETED])
def test_outputs_that_are_not_made(client: Client, office: Office, state: JobState) -> None:
    office.have(7, state=state)
    refusal(client.get(OUTPUT), 404, "Not Found")


def test_outputs_that_are_gone(client: Client, office: Office) -> None:
    office.made(7)
    office.objects.content.clear()
    refusal(client.get(OUTPUT), 404, "Not Found")


def test_a_result_that_is_no_video(client: Client, office: Office) -> None:
    office.have(7, state=JobState.COMPLETED, result=result())
    assert client.get(f"/jobs/{JOB}").json()["output_data"] is None
    refusal(client.get(OUTPUT), 404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("GET", f"/jobs/{JOB}", GET_DETAILS),
        ("GET", "/jobs", LIST_JOBS),
        ("DELETE", f"/jobs/{JOB}", CANCEL_JOB),
        ("GET", OUTPUT, GET_DETAILS),
    ],
)
def test_jobs_are_away(client: Client, office: Office, method: str, path: str, call: Any) -> None:
    office.made(7)
    office.fail(call, UnavailableError("No answer."))
    answer = client.request(method, path)
    refusal(answer, 503, "Service Unavailable")
    assert answer.headers["retry-after"] == "3"
