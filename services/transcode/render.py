"""The one executor of render graphs: stage, compile, run, look at the result, store it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from libs.chassis.worker import TaskContext
from libs.contracts.errors import MediaError
from libs.contracts.graph import Output
from libs.contracts.media import MediaInfo
from libs.contracts.tasks import RenderResult, RenderTask
from libs.media.command import compile as compile_graph
from libs.media.graph import main_source
from libs.media.probe import probe
from libs.media.progress import Progress
from libs.media.runner import Tools, run_ffmpeg

_DAMAGED = "The source is damaged in places; the result holds what could be read of it."
_SHORT = 0.98
"""Share of the source's duration under which a result counts as cut short."""


class Renderer:
    """Handles `RenderTask`s."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def __call__(self, task: RenderTask, context: TaskContext) -> RenderResult:
        """Raises `MediaError` when the source does not decode or nothing comes out of it."""
        source = main_source(task.graph.input)
        staged = await context.stage(source.object)
        destination = context.scratch / task.file_name
        argv = compile_graph(task.graph, {source.object.sha256: staged}, destination)
        finished = await run_ffmpeg(
            self._tools,
            argv,
            cwd=context.scratch,
            time_limit=context.task.time_limit,
            on_progress=_reporter(context, source.info.duration),
        )
        info = await self._inspect(destination)
        artifact = await context.artifact(destination, task.file_name, task.graph.content_type)
        damaged = finished.damaged or _cut_short(source.info, info)
        return RenderResult(artifact=artifact, info=info, notes=_notes(task.graph, damaged=damaged))

    async def _inspect(self, path: Path) -> MediaInfo:
        probed = await probe(path, self._tools, size=path.stat().st_size)
        if probed.info.video is None:
            raise MediaError("Nothing could be decoded from this file.")
        return probed.info


def _reporter(context: TaskContext, duration: float | None) -> Callable[[Progress], None]:
    """Progress by time written; without a known duration there is none until the end."""

    def report(progress: Progress) -> None:
        if duration:
            context.progress(progress.out_time_s / duration)

    return report


def _cut_short(source: MediaInfo, result: MediaInfo) -> bool:
    return bool(source.duration and result.duration and result.duration < source.duration * _SHORT)


def _notes(graph: Output, *, damaged: bool) -> list[str]:
    return [*graph.notes, _DAMAGED] if damaged else list(graph.notes)
