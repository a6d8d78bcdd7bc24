"""The executor of render tasks: cut or render, look at the result, store it."""

from __future__ import annotations

from pathlib import Path

from libs.chassis.worker import TaskContext
from libs.contracts.errors import MediaError
from libs.contracts.graph import Output
from libs.contracts.tasks import RenderResult, RenderTask
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.run import cut
from libs.media.cut.spare import Spares
from libs.media.execute import cut_short, inspect, render, share_made
from libs.media.passes.resolve import needs_frames
from libs.media.tools import Tools
from libs.media.walk import files

_DAMAGED = "The source is damaged in places; the result holds what could be read of it."
_HOPELESS = 0.5
"""Share of the planned duration under which an edit has failed."""


class Renderer:
    """Handles `RenderTask`s."""

    def __init__(self, tools: Tools, spares: Spares | None = None) -> None:
        self._tools = tools
        self._spares = spares

    async def __call__(self, task: RenderTask, context: TaskContext) -> RenderResult:
        """Raises `MediaError` when a source does not decode or nothing comes out of it."""
        destination = context.scratch / task.file_name
        graph, damaged = task.graph, False
        cutting = await self._cut(graph, context, destination) if needs_frames(graph) else None
        if cutting is not None:
            graph = cutting.graph
        if cutting is None or cutting.method is None:
            rendered = await render(
                self._tools,
                graph,
                context,
                destination,
                time_limit=context.task.time_limit,
                on_progress=context.progress,
            )
            info = rendered.info
            # landing in the middle of a file is reason to complain
            damaged = rendered.damaged and cutting is None
        else:
            info = await inspect(self._tools, destination)
        if cutting is not None and share_made(graph, info) < _HOPELESS:
            raise MediaError("Most of what this is made of could not be read.")
        artifact = await context.artifact(destination, task.file_name, graph.content_type)
        notes = [*graph.notes, _DAMAGED] if damaged or cut_short(graph, info) else list(graph.notes)
        if cutting is None or cutting.method is None:
            return RenderResult(artifact=artifact, info=info, notes=notes)
        return RenderResult(
            artifact=artifact,
            info=info,
            notes=notes,
            method=cutting.method,
            copied_packets=cutting.copied_packets,
            encoded_frames=cutting.encoded_frames,
        )

    async def _cut(self, graph: Output, context: TaskContext, destination: Path) -> CutOutcome:
        """Exact edges for the graph and, where packets may be kept, the result itself."""
        urls = {sha256: await context.url(file) for sha256, file in files(graph.input).items()}
        return await cut(
            self._tools,
            CutRequest(
                graph=graph,
                inputs=urls,
                destination=str(destination),
                threads=self._tools.limits.threads,
            ),
            cwd=context.scratch,
            time_limit=context.task.time_limit,
            on_progress=context.progress,
            spares=self._spares,
        )
