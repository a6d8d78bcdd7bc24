"""A job in the words of the jobs contract; JSON values that are kept and compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from libs.contracts.jobs import JobState
from libs.contracts.jobs_view import output_data, output_path, progress_of, status_of, time_of
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import RenderResult
from services.edge.given import keepable, kept_size, same
from tests.unit.samples import SHA, info, job, result, video


@pytest.mark.parametrize("state", list(JobState))
def test_statuses(state: JobState) -> None:
    assert status_of(job(state=state)) in {"PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"}


@pytest.mark.parametrize(("progress", "shown"), [(0, 0.0), (45.46, 45.5), (99.96, 100.0), (100, 100.0)])
def test_progress(progress: float, shown: float) -> None:
    found = progress_of(job(progress=progress))
    assert isinstance(found, float)
    assert found == shown


def test_times() -> None:
    noon = datetime(2024, 3, 21, 12, 0, 59, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert time_of(noon) == "2024-03-21T10:00:59Z"
    assert datetime.strptime(time_of(noon), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) <= noon


def test_outputs() -> None:
    artifact = ObjectRef(key="results/ab/output.mp4", size=7, sha256=SHA)
    turned = video(width=640, height=360, display_width=360, display_height=640, rotation=90)
    made = job(result=RenderResult(artifact=artifact, info=info(video=turned, duration=30.0213)))
    assert output_data(made, "https://media.test/in") == {
        "output_path": f"/outputs/{made.job_id}/output.mp4",
        "download_url": f"https://media.test/in/outputs/{made.job_id}/output.mp4",
        "duration": 30.021,
        "file_size": 7,
        "width": 360,
        "height": 640,
    }
    for other in (job(), job(result=result())):
        assert output_data(other, "") is None
        assert output_path(other) is None


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"a": 30}, {"a": 30.0}, True),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 0}, {"a": False}, False),
        ([True], [1], False),
        ([True], [True], True),
        (1.2345678901234567e18, 1234567890123456700, True),  # as PostgreSQL writes it
        (2**62, 2**62 + 1, False),
        ({"a": None}, {}, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ({"a": {"b": "1"}}, {"a": {"b": 1}}, False),
        ([], {}, False),
        (None, None, True),
    ],
)
def test_the_same(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is same(other, one) is equal


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"a": ["x", 1, 2.5, None, True, {"б": "\x01"}]}, True),
        (2**63 - 1, True),
        (2**63, False),
        (1e300, False),
        (1e-300, True),
        (-1e18, True),
        (-(2**63), False),
        ("\0", False),
        ({"\0": 1}, False),
        ([[["a\0"]]], False),
        ([[[[[[[[1]]]]]]]], True),
        ([[[[[[[[[1]]]]]]]]], False),
    ],
)
def test_what_can_be_kept(value: Any, kept: bool) -> None:
    assert keepable(value) is kept


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (1, 1),
        (-12, 3),
        (1.5, 3),
        (5e-324, 326),
        (1e18, 19),
        ("ab", 4),
        ([1, 2], 8),
        ({"a": True}, 13),
    ],
)
def test_what_a_value_takes_when_it_is_kept(value: object, size: int) -> None:
    """At least what PostgreSQL writes: it knows no exponents."""
    assert kept_size(value) == size
