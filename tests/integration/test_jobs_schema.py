"""What the OpenAPI document says of the jobs family holds for whatever is generated from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.openapi import from_url
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.conftest import ROOT
from tests.integration.office import ENDS, Colleague
from tests.stack.harness import Stack

DOCUMENT: Path = ROOT / "docs" / "api" / "openapi.json"
PATHS = json.loads(DOCUMENT.read_text())["paths"]
OPERATIONS = [
    (method, path)
    for path, operations in PATHS.items()
    for method, operation in operations.items()
    if "jobs" in operation.get("tags", ())
]
BODY = PATHS["/jobs"]["post"]["requestBody"]["content"]["application/json"]["schema"]
FIELDS = BODY["properties"]["input_data"]["properties"]
"""Of a VIDEO_EDIT. How others may look is told in words alone."""
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 25


@pytest.fixture(scope="module")
def eve(stack: Stack) -> Colleague:
    """Nobody else's jobs are among hers."""
    return Colleague(stack, "eve")


@pytest.fixture(scope="module")
def done(eve: Colleague, small_bunny: Path) -> tuple[str, str]:
    """A video of hers, and a completed job."""
    clip = eve.upload(small_bunny)
    job_id = eve.edit(clip, target_width=64, target_height=64)
    assert eve.ended(job_id)["status"] == "COMPLETED"
    return clip, job_id


@pytest.fixture(autouse=True)
def unmade(eve: Colleague) -> Iterator[None]:
    """What is generated is not waited for."""
    yield
    for job in eve.http.get("/jobs?limit=100").json()["jobs"]:
        if job["status"] not in ENDS:
            eve.http.delete(f"/jobs/{job['job_id']}")


@pytest.fixture(scope="module")
def schema(eve: Colleague) -> Any:
    """Of a running edge."""
    return from_url(f"{eve.url}/schema/openapi.json")


def test_there_is_something_to_try() -> None:
    assert len(OPERATIONS) == 7


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_asked_is_answered_as_documented(
    schema: Any, eve: Colleague, method: str, path: str, mode: GenerationMode
) -> None:
    """Data that fits the document, and data that does not, which is refused. No document can tell which
    videos there are: what is to be created is accepted below."""
    checks = [*CHECKS, negative_data_rejection]
    if mode is GenerationMode.POSITIVE:
        checks = CHECKS if (method, path) == ("post", "/jobs") else [*CHECKS, positive_data_acceptance]
    ask(eve, schema[path][method.upper()].as_strategy(generation_mode=mode), checks)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_is_there_is_shown_as_documented(
    schema: Any, eve: Colleague, done: tuple[str, str], method: str, path: str
) -> None:
    """Of a completed job, and of a video that may be edited, an answer is among them that is no refusal."""
    clip, job_id = done

    def there(case: Any) -> Any:
        case.path_parameters = {
            name: {"job_id": job_id, "name": "output.mp4"}[name] for name in case.path_parameters
        }
        if isinstance(case.body, dict) and "input_data" in case.body:
            known = {name: value for name, value in case.body["input_data"].items() if name in FIELDS}
            wanted = {**known, "input_path": clip}
            case.body = {"job_type": "VIDEO_EDIT", "input_data": wanted}
        return case

    fitting = schema[path][method.upper()].as_strategy(generation_mode=GenerationMode.POSITIVE)
    answers = ask(eve, fitting.map(there), [*CHECKS, positive_data_acceptance])
    assert answers & ({409} if method == "delete" else {200})


def ask(eve: Colleague, cases: Any, checks: list[Any]) -> set[int]:
    """The statuses of all answers, which were checked."""
    statuses = set[int]()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def each(case: schemathesis.Case[Any]) -> None:
        answer = case.call_and_validate(headers={"X-API-Key": eve.key}, checks=checks)
        statuses.add(answer.status_code)

    each()
    return statuses
