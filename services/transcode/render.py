"""The one executor of render graphs: cut or compile, run, look at the result, store it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from libs.chassis.worker import TaskContext
from libs.contracts.errors import MediaError
from libs.contracts.graph import Output, Subtitles
from libs.contracts.media import MediaInfo
from libs.contracts.tasks import RenderResult, RenderTask
from libs.media.command import compile as compile_graph
from libs.media.command.text import to_ass
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.run import cut
from libs.media.cut.spare import Spares
from libs.media.length import duration_of
from libs.media.passes.resolve import needs_frames
from libs.media.probe import probe
from libs.media.progress import Progress
from libs.media.runner import Tools, run_ffmpeg
from libs.media.walk import files, nodes, sources

_DAMAGED = "The source is damaged in places; the result holds what could be read of it."
_LITTLE = 0.5
"""Share of the sources under which their parts are read in place instead of staging them."""
_HOPELESS = 0.5
"""Share of the planned duration under which an edit has failed."""
_SHORT = 0.98
"""Share of the planned duration under which a result counts as cut short."""


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
            complaints = await self._encode(graph, context, destination)
            damaged = complaints and cutting is None  # landing in the middle of a file is reason to complain
        info = await self._inspect(destination)
        if cutting is not None and _share_made(graph, info) < _HOPELESS:
            raise MediaError("Most of what this is made of could not be read.")
        artifact = await context.artifact(destination, task.file_name, graph.content_type)
        notes = [*graph.notes, _DAMAGED] if damaged or _cut_short(graph, info) else list(graph.notes)
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
            CutRequest(graph=graph, inputs=urls, destination=str(destination)),
            cwd=context.scratch,
            time_limit=context.task.time_limit,
            on_progress=context.progress,
            spares=self._spares,
        )

    async def _encode(self, graph: Output, context: TaskContext, destination: Path) -> bool:
        """Write the graph with ffmpeg; whether it complained. Parts of sources are read in place; when less
        comes out of that than was planned, it is done again from staged copies: a broken connection looks
        like the end of a file to ffmpeg."""
        planned = duration_of(graph.input)
        for in_place in (True, False) if _reads_little(graph) else (False,):
            inputs = await self._inputs(graph, context, in_place=in_place)
            finished = await run_ffmpeg(
                self._tools,
                compile_graph(graph, inputs, destination),
                cwd=context.scratch,
                time_limit=context.task.time_limit,
                on_progress=_reporter(context, planned),
            )
            if not in_place or not _cut_short(graph, await self._inspect(destination)):
                break
        return finished.damaged

    async def _inputs(self, graph: Output, context: TaskContext, *, in_place: bool) -> dict[str, str | Path]:
        """Where ffmpeg finds each file of the graph, by the sha256 of its bytes."""
        opened: dict[str, str | Path] = {}
        for sha256, file in files(graph.input).items():
            opened[sha256] = await (context.url(file) if in_place else context.stage(file))
        for node in nodes(graph.input):
            if isinstance(node, Subtitles):
                opened[node.file.sha256] = await self._as_ass(await context.stage(node.file), context)
        return opened

    async def _as_ass(self, text: Path, context: TaskContext) -> Path:
        """The subtitles in the one format that is drawn."""
        written = text.with_suffix(".ass")
        argv = to_ass(text, written)
        await run_ffmpeg(self._tools, argv, cwd=context.scratch, time_limit=context.task.time_limit)
        return written

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


def _reads_little(graph: Output) -> bool:
    """Whether all files are sources of which only small parts are shown."""
    shown: defaultdict[str, float] = defaultdict(float)
    whole: dict[str, float] = {}
    for source in sources(graph.input):
        length = duration_of(source)
        if source.info.duration is None or length is None:
            return False
        shown[source.object.sha256] += length
        whole[source.object.sha256] = source.info.duration
    return files(graph.input).keys() == whole.keys() and sum(shown.values()) < _LITTLE * sum(whole.values())


def _cut_short(graph: Output, result: MediaInfo) -> bool:
    return _share_made(graph, result) < _SHORT


def _share_made(graph: Output, result: MediaInfo) -> float:
    """Share of the planned duration that came out; 1 where one of them is not known."""
    planned = duration_of(graph.input)
    return result.duration / planned if planned and result.duration else 1.0
