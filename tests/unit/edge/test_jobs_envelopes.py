"""Errors of the jobs family where no route is, and what the generated document says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from libs.contracts import errors
from libs.contracts.rpc import LIST_JOBS
from tests.unit.edge.office import Client, Office, office_client, refusal


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def client(office: Office) -> Iterator[Client]:
    with office_client(office) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/a/b",
        "/jobs/a/b/c",
        "/uploads/x",
        "/outputs",
        "/outputs/x",
        "/outputs/x/y/z",
        "/outputs/会/话/x",
    ],
)
def test_unknown_paths(client: Client, path: str) -> None:
    client.headers.pop("authorization")
    refusal(client.get(path), 404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/jobs"), ("DELETE", "/jobs"), ("POST", "/jobs/x"), ("PATCH", "/jobs/x"), ("GET", "/uploads"),
     ("DELETE", "/outputs/x/y")],
)  # fmt: skip
def test_other_methods(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    refusal(answer, 405, "Method Not Allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize("path", ["/job", "/jobsx", "/upload/x", "/output", "/JOBS", "/x/jobs"])
def test_paths_of_others(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, set(answer.json())) == (404, {"detail"})


def test_a_hostile_host(client: Client, office: Office) -> None:
    refusal(client.post("/jobs", json={}, headers={"host": "a b"}), 400, "Bad Request")
    assert office.calls == []


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (errors.InvalidInputError("x"), 400, "Bad Request"),
        (errors.OutOfRangeError("x"), 400, "Bad Request"),
        (errors.MediaError("x"), 400, "Bad Request"),
        (errors.ForbiddenError("x"), 403, "Forbidden"),
        (errors.ConflictError("x", state="completed"), 409, "Conflict"),
        (errors.TooLargeError("x"), 413, "Request Entity Too Large"),
        (errors.UnavailableError("x", service="jobs"), 503, "Service Unavailable"),
        (errors.TaskTimeoutError("x"), 503, "Service Unavailable"),
        (errors.InternalError("x"), 500, "Internal Server Error"),
        (KeyError("x"), 500, "Internal Server Error"),
    ],
)
def test_the_table_of_errors(
    client: Client, office: Office, error: Exception, status: int, name: str
) -> None:
    office.fail(LIST_JOBS, error)
    message = "An unexpected error occurred" if status == 500 else "x"
    assert refusal(client.get("/jobs"), status, name)["message"] == message


def test_what_is_in_the_document() -> None:
    with office_client(Office(), whole=True) as client:
        found: dict[str, Any] = client.get("/schema/openapi.json").json()
    operations = [
        found["paths"][path][method]
        for path, method in [
            ("/jobs", "post"), ("/jobs", "get"), ("/jobs/{job_id}", "get"), ("/jobs/{job_id}", "delete"),
            ("/uploads", "post"), ("/outputs/{job_id}/{name}", "get"), ("/outputs/{job_id}/{name}", "head"),
        ]
    ]  # fmt: skip
    for operation in operations:
        assert operation["security"] == [{"JWT": []}, {"APIKey": []}]
        assert {"200", "401", "403", "429", "500", "503"} <= set(operation["responses"])
    assert operations[0]["requestBody"]["required"]
    assert "Idempotency-Key" in {each["name"] for each in operations[0]["parameters"]}
    schemes = found["components"]["securitySchemes"]
    assert (schemes["JWT"]["scheme"], schemes["APIKey"]["name"]) == ("bearer", "X-API-Key")
    problem = found["components"]["schemas"]["JobsProblem"]
    assert problem["required"] == ["error", "message"]
    assert "security" not in found["paths"]["/upload"]["post"]
