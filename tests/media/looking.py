"""Looking at media apart from the code under test."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.contracts.graph import Output
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.command import compile as compile_graph
from libs.media.enhance import enhance_graph
from libs.media.probe import Probed, probe
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools
from tests.media.viewing import looked_at, pictures

Pixels = NDArray[np.uint8]


def run(*command: str) -> bytes:
    return subprocess.run(command, check=False, capture_output=True, timeout=60).stdout


def frame_times(path: Path) -> list[float]:
    """Seconds of every frame that a full decode shows."""
    return [float(time) for time, _ in pictures(path)]


def frames(path: Path, width: int, height: int) -> Pixels:
    """All frames, scaled to (n, height, width, 3) RGB."""
    return timed_frames(path, width, height)[1]


def timed_frames(path: Path, width: int, height: int) -> tuple[list[float], Pixels]:
    """`frame_times` and `frames`."""
    seen = list(looked_at(path, "rgb24", ("scale", f"{width}:{height}")))
    return [float(time) for time, _ in seen], np.stack([picture for _, picture in seen])


Key = tuple[Path, int, int]
_PROBED: dict[Key, Probed] = {}
_DESCRIBED: dict[Key, dict[str, Any]] = {}
"""A file is looked into once for as long as it does not change."""


def describe(path: Path) -> dict[str, Any]:
    """ffprobe's `format` and `streams`."""
    key = _key(path)
    if key in _PROBED:
        return _PROBED[key].raw
    if key not in _DESCRIBED:
        asked = ["-show_format", "-show_streams", "-of", "json"]
        _DESCRIBED[key] = json.loads(run("ffprobe", "-v", "error", *asked, str(path)))
    return _DESCRIBED[key]


async def probed(path: Path, tools: Tools) -> MediaInfo:
    key = _key(path)
    if key not in _PROBED:
        _PROBED[key] = await probe(path, tools, size=path.stat().st_size)
    return _PROBED[key].info


def _key(path: Path) -> Key:
    stat = path.stat()
    return path, stat.st_size, stat.st_mtime_ns


@dataclass(frozen=True)
class Enhanced:
    path: Path
    before: MediaInfo
    after: MediaInfo
    graph: Output


def reference(path: Path) -> ObjectRef:
    return ObjectRef(key=path.name, size=path.stat().st_size, sha256="ab" * 32)


async def enhance(path: Path, into: Path, tools: Tools, name: str | None = None) -> Enhanced:
    """The enhancement of a clip, really made."""
    before = await probed(path, tools)
    graph = enhance_graph(reference(path), before, name or path.name)
    destination = into / f"enhanced-{path.stem}.{graph.extension}"
    argv = compile_graph(graph, {path.name: path}, destination)
    await run_ffmpeg(tools, argv, cwd=into, time_limit=60)
    after = await probed(destination, tools)
    return Enhanced(destination, before, after, graph)
