"""Tasks of analyze: `MetadataTask` in, a JSON `Metadata` artifact out."""

from __future__ import annotations

import msgspec

from libs.chassis.worker import TaskContext
from libs.contracts.tasks import MetadataResult, MetadataTask
from libs.media.runner import Tools
from services.analyze.metadata import extract


class MetadataExtractor:
    """Handles `MetadataTask`s."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, task: MetadataTask, context: TaskContext) -> MetadataResult:
        """Raises `MediaError` when there is no video to look at."""
        staged = await context.stage(task.source)
        found = await extract(staged, task.info, self._tools, task.source.size, context.progress)
        path = context.scratch / "metadata.json"
        path.write_bytes(msgspec.json.encode(found))
        return MetadataResult(artifact=await context.artifact(path, path.name, "application/json"))
