"""The pictures of a graph, small, grey and raw."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from libs.contracts.graph import FilterStep, Node, Output
from libs.contracts.media import ObjectRef
from libs.media.command.pictures import pictures
from libs.media.command.session import session_for
from libs.media.command.written import GLOBAL
from libs.media.passes import simplify
from libs.media.runner import run_ffmpeg, stream
from libs.media.tools import Tools
from libs.media.walk import sources

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Footage:
    """A stored video as it is worked on: where it is (a path or URL), and what may be spent on it."""

    tools: Tools
    target: str | Path
    cwd: Path

    async def run(self, argv: Sequence[str], time_limit: float) -> None:
        """Raises as `run_ffmpeg`."""
        await run_ffmpeg(self.tools, argv, cwd=self.cwd, time_limit=time_limit)

    def inputs(self, node: Node) -> dict[str, str | Path]:
        return {source.object.key: self.target for source in sources(node)}


STAND_IN = ObjectRef(key="footage", size=0, sha256="0" * 64)
"""The object of graphs that are run on `Footage` and named nowhere."""


@asynccontextmanager
async def small_frames(
    footage: Footage, graph: Output, steps: Sequence[FilterStep], size: tuple[int, int], time_limit: float
) -> AsyncIterator[AsyncIterator[Pixels]]:
    """The pictures of `graph` after `steps`, which make them so large: (height, width). Raises as
    `runner.stream`."""
    argv = frame_args(footage, graph, steps)
    width, height = size
    async with stream(footage.tools, "ffmpeg", argv, cwd=footage.cwd, time_limit=time_limit) as reader:

        async def shaped() -> AsyncIterator[Pixels]:
            async for block in reader.blocks(width * height):
                yield np.frombuffer(block, np.uint8).reshape(height, width)

        yield shaped()


def frame_args(footage: Footage, graph: Output, steps: Sequence[FilterStep]) -> list[str]:
    """The arguments of ffmpeg that write them to its stdout."""
    graph = simplify(graph)
    session, graph = session_for(graph, footage.inputs(graph.input), footage.tools.limits.threads)
    shown: Any = pictures(graph.input, session)
    for each in steps:
        shown = shown.filter(each.name, **each.options)
    raw = {"f": "rawvideo", "pix_fmt": "gray", "fps_mode": "passthrough"}
    return [*GLOBAL, *ffmpeg.output(shown, "pipe:1", **raw).get_args()]
