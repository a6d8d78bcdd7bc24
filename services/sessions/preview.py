"""Tasks of sessions: `PreviewTask` in, an MP4 out."""

from __future__ import annotations

from libs.chassis.worker import TaskContext
from libs.contracts.tasks import PreviewTask, RenderResult
from libs.media.execute import render
from libs.media.length import duration_of
from libs.media.tools import Tools
from services.sessions.naming import PREVIEW
from services.sessions.shelf import Shelf
from services.sessions.work import check_length


class PreviewMaker:
    """Handles `PreviewTask`s."""

    def __init__(self, tools: Tools, shelf: Shelf) -> None:
        self._tools = tools
        self._shelf = shelf

    async def __call__(self, task: PreviewTask, context: TaskContext) -> RenderResult:
        """Raises `MediaError` when nothing comes out, `NotFoundError` when the session is gone."""
        path = context.scratch / PREVIEW
        said = duration_of(task.graph.input) or 0.0

        def on_progress(fraction: float) -> None:
            check_length(fraction * said)  # whatever the headers said
            context.progress(fraction)

        rendered = await render(
            self._tools,
            task.graph,
            context,
            path,
            time_limit=context.task.time_limit,
            on_progress=on_progress,
        )
        content_type = task.graph.content_type
        artifact = await self._shelf.artifact(task.session_id, context, path, PREVIEW, content_type)
        return RenderResult(artifact=artifact, info=rendered.info, notes=list(task.graph.notes))
