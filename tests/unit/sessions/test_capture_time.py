"""When a video was taken, by the tags that cameras write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from services.sessions.capture_time import capture_time

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def found(of_format: dict[str, str] | None = None, of_stream: dict[str, str] | None = None) -> Any:
    return capture_time({"format": {"tags": of_format or {}}, "streams": [{"tags": of_stream or {}}]}, NOW)


def test_of_an_android_phone() -> None:
    at = datetime(2025, 7, 3, 9, 15, 2, tzinfo=UTC)
    assert found({"creation_time": "2025-07-03T09:15:02.000000Z"}) == at


def test_an_iphone_knows_the_zone() -> None:
    tags = {
        "creation_time": "2025-07-03T09:15:02.000000Z",
        "com.apple.quicktime.creationdate": "2025-07-03T11:15:01+0200",
    }
    at = found(tags)
    assert at == datetime(2025, 7, 3, 11, 15, 1, tzinfo=timezone(timedelta(hours=2)))
    assert at.utcoffset() == timedelta(hours=2)


def test_of_matroska_and_of_a_stream_alone() -> None:
    assert found({"CREATION_TIME": "2025-01-01T00:00:00Z"}) == datetime(2025, 1, 1, tzinfo=UTC)
    assert found(None, {"creation_time": "2025-01-01 00:00:00"}) == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-06-03T00:00:00Z", "2025", "20250703", "x:y", ""],
)
def test_nonsense_is_no_time(text: str) -> None:
    assert found({"creation_time": text, "date": text}) is None


def test_nothing_is_no_time() -> None:
    assert found() is None
    assert capture_time({}, NOW) is None
