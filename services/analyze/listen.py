"""Tasks of analyze: `ListenTask` in, how long the sound of a medium is out."""

from __future__ import annotations

from libs.chassis.worker import TaskContext
from libs.contracts.errors import MediaError
from libs.contracts.tasks import ListenResult, ListenTask
from libs.media.sounding import sound_length
from libs.media.tools import Tools


class SoundMeter:
    """Handles `ListenTask`s."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, task: ListenTask, context: TaskContext) -> ListenResult:
        """Raises `MediaError` when there is no sound that decodes."""
        if not task.info.audio:
            raise MediaError("There is no sound in this file.")
        duration = await sound_length(
            self._tools,
            await context.stage(task.source),
            task.info,
            cwd=context.scratch,
            time_limit=context.task.time_limit,
            on_progress=context.progress,
        )
        return ListenResult(duration=duration)
