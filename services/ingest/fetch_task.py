"""Tasks of ingest: `FetchTask` in, an asset out."""

from __future__ import annotations

from libs.chassis.worker import TaskContext
from libs.contracts.errors import InvalidInputError, ReelbusError, UnavailableError
from libs.contracts.tasks import FetchResult, FetchTask
from services.ingest.fetching import Fetching

FAMILY = "jobs"
PATIENCE = 3
"""Attempts at a server that does not answer."""


class FetchHandler:
    """Handles `FetchTask`s."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching

    async def __call__(self, task: FetchTask, context: TaskContext) -> FetchResult:
        """Raises what `Fetching.fetch` raises, naming what the file is for; `InvalidInputError` instead of
        `UnavailableError` when the stranger's server is away for too long."""
        try:
            asset = await self._fetching.fetch(
                task.url, task.owner, family=FAMILY, kind=task.kind, plain=task.plain
            )
        except UnavailableError as error:
            ours = "error_code" not in error.details
            if ours or context.attempt < PATIENCE:
                raise
            raise InvalidInputError(_named(task, error), **error.details) from error
        except ReelbusError as error:
            if not task.label:
                raise
            raise type(error)(_named(task, error), **error.details) from error
        return FetchResult(asset=asset)


def _named(task: FetchTask, error: ReelbusError) -> str:
    return f"{task.label}.src: {error.message}" if task.label else error.message
