"""What the OpenAPI document says of the jobs family holds for whatever is generated from it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_url
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.office import Colleague
from tests.stack.harness import Stack

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
EXAMPLES = 25


@pytest.fixture(scope="module")
def eve(stack: Stack) -> Colleague:
    """Nobody else's jobs are among hers."""
    return Colleague(stack, "eve")


@pytest.fixture(scope="module")
def document(eve: Colleague) -> Any:
    """Of a running edge, with data that fits it and data that does not."""
    config = schemathesis.Config.from_dict({"generation": {"mode": "all"}})
    found = from_url(f"{eve.url}/schema/openapi.json", config=config)
    return found.include(tag="jobs")


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_is_answered_as_documented(case: schemathesis.Case, eve: Colleague) -> None:
    case.call_and_validate(headers={"X-API-Key": eve.key}, checks=CHECKS)
