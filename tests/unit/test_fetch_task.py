"""Whose fault it is that a download does not come, and how long it is tried."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from libs.chassis.worker import TaskContext
from libs.contracts.errors import InvalidInputError, ReelbusError, UnavailableError
from libs.contracts.media import Asset
from libs.contracts.tasks import FetchResult, FetchTask
from services.ingest.fetch_task import PATIENCE, FetchHandler
from services.ingest.fetching import Fetching
from tests.unit.samples import asset

pytestmark = pytest.mark.anyio
TASK = FetchTask(url="https://example.com/a.mp4", owner="alice", job_id=UUID(int=1))
THEIRS = UnavailableError("The server of the URL does not answer.", error_code="URL_AWAY")
OURS = UnavailableError("Storage does not answer.")


class Downloads:
    def __init__(self, answer: Asset | ReelbusError) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    async def fetch(self, url: str, owner: str, **options: Any) -> Asset:
        self.asked.append((url, owner, options))
        if isinstance(self.answer, ReelbusError):
            raise self.answer
        return self.answer


async def fetch(downloads: Downloads, attempt: int = 1) -> FetchResult:
    context = cast("TaskContext", SimpleNamespace(attempt=attempt))
    return await FetchHandler(cast("Fetching", downloads))(TASK, context)


async def test_a_video_is_fetched_for_its_owner() -> None:
    downloads = Downloads(asset(owner="alice"))
    assert await fetch(downloads) == FetchResult(asset=asset(owner="alice"))
    assert downloads.asked == [(TASK.url, "alice", {"family": "jobs", "kind": "video", "plain": False})]


@pytest.mark.parametrize("attempt", range(1, PATIENCE))
async def test_a_server_that_is_away_is_asked_again(attempt: int) -> None:
    with pytest.raises(UnavailableError):
        await fetch(Downloads(THEIRS), attempt)


@pytest.mark.parametrize("attempt", [PATIENCE, PATIENCE + 5])
async def test_but_not_for_ever(attempt: int) -> None:
    with pytest.raises(InvalidInputError, match="does not answer") as caught:
        await fetch(Downloads(THEIRS), attempt)
    assert not caught.value.retryable
    assert caught.value.details == {"error_code": "URL_AWAY"}


async def test_what_is_ours_is_waited_for() -> None:
    with pytest.raises(UnavailableError):
        await fetch(Downloads(OURS), PATIENCE + 5)
