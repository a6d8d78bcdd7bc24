"""Pictures and sound rendered apart and at once, where the sound needs two passes: the pictures wait for
neither of them, and what was measured is what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from libs.contracts.graph import Loudness, Output
from libs.media.command import Inputs
from libs.media.command import compile as compile_graph
from libs.media.command.written import GLOBAL
from libs.media.containers import BY_MUXER
from libs.media.inputs import input_args
from libs.media.loudness import encode_levelled
from libs.media.runner import Finished, Progress, run_ffmpeg
from libs.media.together import together
from libs.media.tools import Tools


def needs_two_passes(graph: Output) -> bool:
    """Whether there is sound whose gain is to be found."""
    return isinstance(graph.input, Loudness) and graph.input.two_pass and bool(graph.audio)


async def render_levelled(
    tools: Tools,
    graph: Output,
    inputs: Inputs,
    destination: Path,
    *,
    time_limit: float,
    on_progress: Callable[[Progress], None],
) -> Finished:
    """Write a graph that `needs_two_passes` to `destination`, and its parts beside it; `on_progress` is told
    of the pictures. Raises as `run_ffmpeg`; `Finished` has the complaints of both."""
    pictures, sound = (destination.with_name(f"{part}{destination.suffix}") for part in ("pictures", "sound"))
    cwd = destination.parent
    shown, heard = await together(
        run_ffmpeg(
            tools,
            compile_graph(
                msgspec.structs.replace(graph, audio=[]), inputs, pictures, threads=tools.limits.threads
            ),
            cwd=cwd,
            time_limit=time_limit,
            on_progress=on_progress,
        ),
        encode_levelled(tools, graph, inputs, sound, time_limit=time_limit),
    )
    joined = await run_ffmpeg(
        tools, join_args(graph, pictures, sound, destination), cwd=cwd, time_limit=time_limit
    )
    for part in (pictures, sound):
        part.unlink()
    return Finished(shown.seconds + joined.seconds, shown.stderr + heard.stderr)


def join_args(graph: Output, pictures: Path, sound: Path, destination: Path) -> list[str]:
    """The arguments of ffmpeg that put both into one file, as they are."""
    options = {"c": "copy", "f": graph.container, **dict(BY_MUXER[graph.container].options)}
    written = [text for name, value in options.items() for text in (f"-{name}", str(value))]
    tracks = ("-map", "0:v:0", "-map", "1:a:0", "-map_metadata", "0")
    read = [*input_args(pictures), *input_args(sound)]
    return [*GLOBAL, *read, *tracks, *written, f"file:{destination.absolute()}"]
