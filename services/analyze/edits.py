"""Tasks of analyze: `EditAnalysisTask` in, what an edit must know of its source out."""

from __future__ import annotations

from libs.chassis.worker import TaskContext
from libs.contracts.tasks import EditAnalysisResult, EditAnalysisTask
from libs.media.tools import Tools
from libs.media.video_edit.analyse import analyse


class EditAnalyser:
    """Handles `EditAnalysisTask`s."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, task: EditAnalysisTask, context: TaskContext) -> EditAnalysisResult:
        """Raises `MediaError` when there is no video to look at."""
        found = await analyse(
            self._tools,
            await context.url(task.source),
            task.info,
            task.wanted,
            cwd=context.scratch,
            time_limit=context.task.time_limit,
            on_progress=context.progress,
        )
        return EditAnalysisResult(analysis=found)
