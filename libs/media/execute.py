"""Rendering a graph with ffmpeg: sources opened in place or staged, and whether all of it came out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from libs.contracts.errors import MediaError
from libs.contracts.graph import Output, Rate, Subtitles
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.command import Inputs
from libs.media.command import compile as compile_graph
from libs.media.command.text import to_ass, without_attachments
from libs.media.length import duration_of
from libs.media.levelling import needs_two_passes, render_levelled
from libs.media.probe import probe
from libs.media.progress import Progress
from libs.media.runner import Finished, run_ffmpeg
from libs.media.tools import Tools
from libs.media.walk import files, nodes, sources

_LITTLE = 0.5
"""Share of the sources under which their parts are read in place instead of staging them."""
_SHORT = 0.98
"""Share of the planned duration under which a result counts as cut short."""


class Files(Protocol):
    """Where stored objects are: under a URL, or in a local copy."""

    async def url(self, source: ObjectRef) -> str: ...

    async def stage(self, source: ObjectRef) -> Path: ...


@dataclass(frozen=True)
class Rendered:
    """`info` is a probe of the result; `damaged`: ffmpeg complained on the way."""

    info: MediaInfo
    damaged: bool


async def render(
    tools: Tools,
    graph: Output,
    files_of: Files,
    destination: Path,
    *,
    time_limit: float,
    on_progress: Callable[[float], None],
) -> Rendered:
    """Write `graph` to `destination`, and what is needed for that beside it; `on_progress` gets 0…1.

    Parts of sources are read in place; when less comes out of that than was planned, or ffmpeg complains of
    what has its length whatever is read, it is done again from staged copies: a broken connection looks like
    the end of a file to ffmpeg. Raises `MediaError` when nothing comes out.
    """
    planned = duration_of(graph.input)
    for in_place in (True, False) if _reads_little(graph) else (False,):
        inputs = await _opened(tools, graph, files_of, destination.parent, time_limit, in_place=in_place)
        report = _reporter(on_progress, planned)
        finished = await _written(
            tools, graph, inputs, destination, time_limit=time_limit, on_progress=report
        )
        info = await inspect(tools, destination)
        if not in_place or not (cut_short(graph, info) or (finished.damaged and _fills(graph))):
            break
    return Rendered(info, finished.damaged)


async def _written(
    tools: Tools,
    graph: Output,
    inputs: Inputs,
    destination: Path,
    *,
    time_limit: float,
    on_progress: Callable[[Progress], None],
) -> Finished:
    if needs_two_passes(graph):
        return await render_levelled(
            tools, graph, inputs, destination, time_limit=time_limit, on_progress=on_progress
        )
    argv = compile_graph(graph, inputs, destination, threads=tools.limits.threads)
    return await run_ffmpeg(
        tools, argv, cwd=destination.parent, time_limit=time_limit, on_progress=on_progress
    )


async def inspect(tools: Tools, path: Path) -> MediaInfo:
    """A probe of what was rendered. Raises `MediaError` when there is no picture in it."""
    probed = await probe(path, tools, size=path.stat().st_size)
    if probed.info.video is None:
        raise MediaError("Nothing could be decoded from this file.")
    return probed.info


def share_made(graph: Output, result: MediaInfo) -> float:
    """Share of the planned duration that came out; 1 where one of them is not known."""
    planned = duration_of(graph.input)
    return result.duration / planned if planned and result.duration else 1.0


def cut_short(graph: Output, result: MediaInfo) -> bool:
    return share_made(graph, result) < _SHORT


async def _opened(
    tools: Tools, graph: Output, files_of: Files, cwd: Path, time_limit: float, *, in_place: bool
) -> dict[str, str | Path]:
    """Where ffmpeg finds each file of the graph, by the sha256 of its bytes."""
    opened: dict[str, str | Path] = {}
    for sha256, file in files(graph.input).items():
        opened[sha256] = await (files_of.url(file) if in_place else files_of.stage(file))
    for node in nodes(graph.input):
        if isinstance(node, Subtitles):
            text = await files_of.stage(node.file)
            written = text.with_suffix(".ass")  # the one format that is drawn
            await run_ffmpeg(tools, to_ass(text, written), cwd=cwd, time_limit=time_limit)
            written.write_bytes(without_attachments(written.read_bytes()))
            opened[node.file.sha256] = written
    return opened


def _reporter(report: Callable[[float], None], duration: float | None) -> Callable[[Progress], None]:
    """Progress by time written; without a known duration there is none until the end."""

    def on_progress(progress: Progress) -> None:
        if duration:
            report(progress.out_time_s / duration)

    return on_progress


def _fills(graph: Output) -> bool:
    """Whether the last frame is repeated up to the planned length."""
    return any(isinstance(node, Rate) for node in nodes(graph.input))


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
