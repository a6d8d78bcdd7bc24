"""VIDEO_EDIT really done, as a worker does it, and what plain ffmpeg measures in the result."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from libs.contracts.graph import Node, Source
from libs.contracts.media import MediaInfo, ObjectRef
from libs.contracts.video_edit import Analysis, Wanted
from libs.media.command import compile as compile_graph
from libs.media.cut.request import CutRequest
from libs.media.cut.run import cut
from libs.media.execute import render
from libs.media.graph import validate
from libs.media.passes.resolve import needs_frames
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools
from libs.media.video_edit.analyse import analyse
from libs.media.video_edit.frames import Footage
from libs.media.video_edit.graph import video_edit_graph, written
from tests.media.looking import describe, probed, reference

PICTURES = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25")


@dataclass(frozen=True)
class Made:
    """A source, what was found in it, and the result."""

    source: MediaInfo
    found: Analysis
    path: Path

    @cached_property
    def raw(self) -> dict[str, Any]:
        """What ffprobe says of it."""
        return describe(self.path)

    @property
    def duration(self) -> float:
        return float(self.raw["format"]["duration"])

    def stream(self, kind: str) -> dict[str, Any]:
        [stream] = [each for each in self.raw["streams"] if each["codec_type"] == kind]
        return dict(stream)

    @property
    def size(self) -> tuple[int, int]:
        return self.stream("video")["width"], self.stream("video")["height"]


@dataclass(frozen=True)
class Staged:
    """A source that is here already."""

    path: Path

    async def url(self, source: ObjectRef) -> str:
        return str(self.path)

    async def stage(self, source: ObjectRef) -> Path:
        return self.path


@dataclass(frozen=True)
class Edits:
    """Makes VIDEO_EDITs into `folder`."""

    tools: Tools
    folder: Path
    _count: Iterator[int] = field(default_factory=count)

    def footage(self, path: Path) -> Footage:
        return Footage(self.tools, path, self.folder)

    async def info(self, path: Path) -> MediaInfo:
        return await probed(path, self.tools)

    async def found(self, path: Path, wanted: Wanted) -> Analysis:
        info = await self.info(path)
        return await analyse(self.tools, path, info, wanted, cwd=self.folder, time_limit=100)

    async def made(self, path: Path, wanted: Wanted) -> Made:
        info, found = await self.info(path), await self.found(path, wanted)
        graph = video_edit_graph(reference(path), info, wanted, found)
        validate(graph)
        destination = self.folder / f"edited-{next(self._count)}-{path.stem}.mp4"
        if needs_frames(graph):
            inputs = {"ab" * 32: str(path)}
            request = CutRequest(graph=graph, inputs=inputs, destination=str(destination))
            graph = (await cut(self.tools, request, cwd=self.folder, time_limit=100)).graph
        await render(
            self.tools, graph, Staged(path), destination, time_limit=100, on_progress=lambda share: None
        )
        return Made(info, found, destination)

    async def rendered(self, path: Path, node: Callable[[Node], Node]) -> Path:
        """The pictures of a graph over all of a file."""
        info = await self.info(path)
        graph = written(node(Source(object=reference(path), info=info)), info)
        validate(graph)
        destination = self.folder / f"rendered-{path.stem}.mp4"
        argv = compile_graph(graph, {path.name: path}, destination)
        await run_ffmpeg(self.tools, argv, cwd=self.folder, time_limit=100)
        return destination

    def clip(self, name: str, *args: str) -> Path:
        """A source that ffmpeg makes."""
        path = self.folder / name
        if not path.exists():
            command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *args, str(path)]
            subprocess.run(command, check=True, timeout=60)
        return path

    def sounding(self, name: str, sound: str, *, seconds: float = 8, then: tuple[str, ...] = ()) -> Path:
        """A small video with the sound of an `aevalsrc` or other source of lavfi."""
        coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le", "-t", f"{seconds}"]
        return self.clip(name, *PICTURES, "-f", "lavfi", "-i", sound, *coded, *then)


def loudness(path: Path) -> tuple[float, float]:
    """LUFS and dBTP of what is decoded, by the summary of ebur128."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-i", str(path), "-map", "0:a", "-af",
               "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]  # fmt: skip
    text = subprocess.run(command, check=True, capture_output=True, timeout=60).stderr.decode()
    summary = text[text.rindex("Summary:") :]
    integrated = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
    assert integrated is not None
    assert peak is not None
    return float(integrated[1]), float(peak[1])


def onset(path: Path) -> float:
    """Seconds from the first picture on until the sound is a quarter as loud as it gets."""
    raw = ("-map", "0:a", "-f", "f32le", "-ac", "1", "-")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), *raw]
    heard = np.abs(np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32))
    first = {each["codec_type"]: float(each["start_time"]) for each in describe(path)["streams"]}
    return float(np.argmax(heard > heard.max() / 4)) / 48_000 + first["audio"] - first["video"]
