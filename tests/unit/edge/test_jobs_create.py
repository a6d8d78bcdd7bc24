"""`POST /jobs`: what is accepted, and what is told about the first thing that is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from libs.contracts.errors import InternalError, TooManyRequestsError, UnavailableError
from libs.contracts.jobs import VideoEditSpec
from libs.contracts.rpc import SUBMIT_JOBS
from libs.contracts.video_edit import Wanted
from tests.unit.edge.office import ANN, EDIT, NEW, Client, Office, invalid, office_client, refusal
from tests.unit.samples import asset

EVEN = "Value must be an even number between 16 and 4096 pixels"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> Iterator[Client]:
    with office_client(office) as client:
        yield client


def edit(**changes: Any) -> dict[str, Any]:
    """A VIDEO_EDIT; `None` leaves a field out."""
    data = {name: value for name, value in (EDIT | changes).items() if value is not None}
    return {"job_type": "VIDEO_EDIT", "input_data": data}


def spec_of(office: Office) -> VideoEditSpec:
    (request,) = office.asked(SUBMIT_JOBS)
    (submission,) = request.submissions
    assert isinstance(submission.spec, VideoEditSpec)
    return submission.spec


def test_the_document(client: Client, office: Office) -> None:
    answer = client.post("/jobs", json=NEW)
    assert answer.status_code == 200
    (job,) = office.added.values()
    assert answer.json() == {
        "job_id": str(job.job.job_id),
        "status": "PENDING",
        "progress": 0.0,
        "created_at": "2026-01-01T00:00:00Z",
    }
    assert answer.text.count("0.0") == 1  # a float also where it is whole
    assert answer.headers["cache-control"] == "no-store"
    (request,) = office.asked(SUBMIT_JOBS)
    assert (request.owner, request.family, request.channel) == (ANN, "jobs", "user/ann")
    assert request.submissions[0].key.startswith("job/")
    stored = asset(500, owner=ANN)
    spec = spec_of(office)
    assert (spec.source and spec.source.object, spec.source and spec.source.info) == (
        stored.object,
        stored.info,
    )
    assert (spec.url, spec.given) == (None, EDIT)
    assert spec.wanted == Wanted(duration=30.0, width=1080, height=1920, lufs=-14.0)


def test_all_options(client: Client, office: Office) -> None:
    body = edit(target_lufs=None, fit="crop", selection="highlight", target_width=64.0, target_duration=5)
    assert client.post("/jobs", json=body).status_code == 200
    wanted = Wanted(duration=5.0, width=64, height=1920, lufs=None, fit="crop", selection="highlight")
    assert spec_of(office).wanted == wanted


def test_what_is_unknown_is_ignored_and_shown_again(client: Client, office: Office) -> None:
    body = edit(campaign={"name": "夏", "tags": [1, 2.5, None, True]}) | {"priority": "high"}
    body["input_data"]["fit"] = None
    answer = client.post("/jobs", json=body)
    assert answer.status_code == 200
    assert spec_of(office).given == body["input_data"]
    assert client.get(f"/jobs/{answer.json()['job_id']}").json()["input_data"] == body["input_data"]


def test_every_request_is_a_job(client: Client) -> None:
    ids = {client.post("/jobs", json=NEW).json()["job_id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("target_duration", None, "Value is required"),
        ("target_duration", 4.999, "Value must be between 5 and 60 seconds"),
        ("target_duration", 60.001, "Value must be between 5 and 60 seconds"),
        ("target_duration", -(10**18), "Value must be between 5 and 60 seconds"),
        ("target_duration", "30", "Value must be a number"),
        ("target_duration", True, "Value must be a number"),
        ("target_duration", [30], "Value must be a number"),
        ("target_width", None, "Value is required"),
        ("target_width", 14, EVEN),
        ("target_width", 4098, EVEN),
        ("target_width", 1081, EVEN),
        ("target_width", 1080.5, EVEN),
        ("target_width", "1080", "Value must be a number"),
        ("target_height", None, "Value is required"),
        ("target_height", 0, EVEN),
        ("target_height", -2, EVEN),
        ("target_lufs", -70.1, "Value must be between -70 and -5 LUFS"),
        ("target_lufs", -4.9, "Value must be between -70 and -5 LUFS"),
        ("target_lufs", 14, "Value must be between -70 and -5 LUFS"),
        ("target_lufs", "loud", "Value must be a number"),
        ("fit", "stretch", "Value must be one of pad, crop, blur"),
        ("fit", "CROP", "Value must be one of pad, crop, blur"),
        ("fit", ["crop"], "Value must be one of pad, crop, blur"),
        ("selection", "end", "Value must be one of start, highlight"),
        ("selection", {}, "Value must be one of start, highlight"),
        ("input_path", None, "Value is required"),
        ("input_path", "", "Value must have 1 to 4096 characters"),
        ("input_path", " ", "Value must have 1 to 4096 characters"),
        ("input_path", "x" * 4097, "Value must have 1 to 4096 characters"),
        ("input_path", 5, "Value must be a string"),
        ("input_path", ["/uploads/x"], "Value must be a string"),
    ],
)
def test_fields_that_are_not_valid(
    client: Client, office: Office, field: str, value: Any, problem: str
) -> None:
    assert invalid(client.post("/jobs", json=edit(**{field: value})), field) == problem
    assert office.calls == []


@pytest.mark.parametrize(
    "body", [{"target_duration": 4, "target_width": 1}, {"fit": 1, "target_duration": 1}]
)
def test_the_first_problem_is_told(client: Client, body: dict[str, Any]) -> None:
    invalid(client.post("/jobs", json=edit(**body)), "target_duration")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "job_type"),
        ({"input_data": EDIT}, "job_type"),
        ({"job_type": None, "input_data": EDIT}, "job_type"),
        ({"job_type": "VIDEO_ENHANCE", "input_data": EDIT}, "job_type"),
        ({"job_type": "video_edit", "input_data": EDIT}, "job_type"),
        ({"job_type": ["VIDEO_EDIT"], "input_data": EDIT}, "job_type"),
        ({"job_type": "VIDEO_EDIT"}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": None}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": [EDIT]}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": "x"}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": {}}, "input_path"),
        ({"job_type": "VIDEO_EDIT", "input_data": EDIT | {"note": "a\0b"}}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": EDIT | {"a\0": 1}}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": EDIT | {"target_duration": 10**400}}, "target_duration"),
        ({"job_type": "VIDEO_EDIT", "input_data": EDIT | {"note": 10**400}}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": EDIT | {"note": 1e300}}, "input_data"),
        ({"job_type": "VIDEO_EDIT", "input_data": EDIT | {"n": [[[[[[[[[1]]]]]]]]]}}, "input_data"),
    ],
)
def test_bodies_that_are_not_valid(client: Client, office: Office, body: Any, field: str) -> None:
    invalid(client.post("/jobs", json=body), field)
    assert office.calls == []


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"5", b"\xff", b'{"job_type": NaN}', b'"\\ud800"', b"[" * 60_000,
        b'{"a": ' + b"9" * 60_000 + b"}", b'{"a": 1e999}',
    ],
)  # fmt: skip
def test_bodies_that_make_no_sense(client: Client, office: Office, body: bytes) -> None:
    assert invalid(client.post("/jobs", content=body), "body")
    assert office.calls == []


def test_a_body_that_is_too_large(client: Client, office: Office) -> None:
    body = json.dumps(edit(note="x" * (64 << 10))).encode()
    for content in (body, iter([body])):
        refusal(client.post("/jobs", content=content), 413, "Request Entity Too Large")
    assert office.calls == []


def test_any_content_type_will_do(client: Client) -> None:
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"content-type": kind}
        assert client.post("/jobs", content=json.dumps(NEW), headers=headers).status_code == 200


# --- types that nobody executes yet ---------------------------------------------------------------

CREATE = {"input_path": "a.jpg", "avatar_type": "realistic"}
STYLE = {"style": "casual", "age": 25, "gender": "female"}
GENERATE = {"avatar_id": "avatar_123", "script": "Hello, world!", "voice_id": "voice_1"}
TRANSLATE = {"input_path": "a.mp4", "target_language": "es", "voice_id": "voice_1"}


@pytest.mark.parametrize(
    ("job_type", "data"),
    [
        ("AVATAR_CREATE", CREATE | {"style": STYLE}),
        ("AVATAR_CREATE", CREATE),
        ("AVATAR_GENERATE", GENERATE | {"background": {"type": "color", "value": "#ffffff"}}),
        ("AVATAR_GENERATE", GENERATE | {"script": "Hello,\nworld"}),
        ("VIDEO_TRANSLATE", TRANSLATE | {"subtitle_options": {"enabled": True, "position": "bottom"}}),
        ("VIDEO_TRANSLATE", {"input_path": "a.mp4", "target_language": "pt-BR"}),
    ],
)
def test_other_types(client: Client, office: Office, job_type: str, data: dict[str, Any]) -> None:
    answer = client.post("/jobs", json={"job_type": job_type, "input_data": data})
    assert invalid(answer, "job_type") == f"{job_type} is not available"
    assert office.calls == []


@pytest.mark.parametrize(
    ("job_type", "data", "field"),
    [
        ("AVATAR_CREATE", {}, "input_path"),
        ("AVATAR_CREATE", {"input_path": "a.jpg"}, "avatar_type"),
        ("AVATAR_CREATE", CREATE | {"style": "casual"}, "style"),
        ("AVATAR_CREATE", CREATE | {"style": {"age": "old"}}, "style.age"),
        ("AVATAR_CREATE", CREATE | {"style": {"age": -1}}, "style.age"),
        ("AVATAR_CREATE", CREATE | {"style": {"gender": 1}}, "style.gender"),
        ("AVATAR_GENERATE", {"script": "Hello"}, "avatar_id"),
        ("AVATAR_GENERATE", GENERATE | {"script": ""}, "script"),
        ("AVATAR_GENERATE", GENERATE | {"voice_id": None}, "voice_id"),
        ("AVATAR_GENERATE", GENERATE | {"background": {"type": "color"}}, "background.value"),
        ("VIDEO_TRANSLATE", {"input_path": "a.mp4"}, "target_language"),
        ("VIDEO_TRANSLATE", TRANSLATE | {"target_language": "Spanish, please"}, "target_language"),
        ("VIDEO_TRANSLATE", TRANSLATE | {"subtitle_options": {"enabled": "yes"}}, "subtitle_options.enabled"),
    ],
)
def test_input_of_other_types(client: Client, job_type: str, data: dict[str, Any], field: str) -> None:
    invalid(client.post("/jobs", json={"job_type": job_type, "input_data": data}), field)


# --- jobs that do not answer ----------------------------------------------------------------------


def test_a_submission_is_tried_again_as_the_same_job(client: Client, office: Office) -> None:
    submit, failed = office.answers[SUBMIT_JOBS.subject], [1, 1]

    def flaky(request: Any) -> Any:
        answer = submit(request)  # the work is done, its answer is lost
        if failed:
            failed.pop()
            raise UnavailableError("No answer.", service="jobs")
        return answer

    office.answers[SUBMIT_JOBS.subject] = flaky
    assert client.post("/jobs", json=NEW).status_code == 200
    assert len(office.added) == 1
    assert len(office.asked(SUBMIT_JOBS)) == 3


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (UnavailableError("x"), 503, "Service Unavailable"),
        (InternalError("secret"), 500, "Internal Server Error"),
        (ValueError("secret"), 500, "Internal Server Error"),
    ],
)
def test_jobs_that_fail(client: Client, office: Office, error: Exception, status: int, name: str) -> None:
    office.fail(SUBMIT_JOBS, error)
    body = refusal(client.post("/jobs", json=NEW), status, name)
    assert body["message"] == ("x" if status == 503 else "An unexpected error occurred")


@pytest.mark.parametrize("number", [5e-324, 1e18])
def test_numbers_that_grow_where_they_are_kept(client: Client, office: Office, number: float) -> None:
    """A small body must not become megabytes."""
    few = {**NEW, "input_data": {**EDIT, "x": [number] * 50}}
    assert client.post("/jobs", json=few).status_code == 200
    office.calls.clear()
    text = ",".join([f"{number:.0e}".replace("+", "")] * 8000)
    body = json.dumps({**NEW, "input_data": {**EDIT, "x": 0}}).replace('"x": 0', f'"x": [{text}]')
    answer = client.post("/jobs", content=body)
    assert len(body) < 1 << 16
    assert "too long" in invalid(answer, "input_data")
    assert office.calls == []


def test_as_many_unfinished_jobs_as_the_setting_says(office: Office) -> None:
    with office_client(office, jobs_unfinished=7) as client:
        assert client.post("/jobs", json=NEW).status_code == 200
    with office_client(office, rate_limits=False) as client:
        assert client.post("/jobs", json=NEW).status_code == 200
    assert [each.max_unfinished for each in office.asked(SUBMIT_JOBS)] == [7, None]
    office.fail(SUBMIT_JOBS, TooManyRequestsError("Too many.", retry_after=30))
    with office_client(office) as client:
        body = refusal(client.post("/jobs", json=NEW), 429, "Too Many Requests", "retry_after")
        assert body["retry_after"] == 30
