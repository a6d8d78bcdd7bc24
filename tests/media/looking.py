"""Looking at media with plain ffmpeg, apart from the code under test."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libs.contracts.graph import Output
from libs.contracts.media import MediaInfo, ObjectRef
from libs.media.command import compile as compile_graph
from libs.media.enhance import enhance_graph
from libs.media.probe import probe
from libs.media.runner import run_ffmpeg
from libs.media.tools import Tools

Pixels = NDArray[np.uint8]


def run(*command: str) -> bytes:
    return subprocess.run(command, check=False, capture_output=True, timeout=60).stdout


SHOWN = ("-map", "0:V:0", "-fps_mode", "passthrough")


def frame_times(path: Path) -> list[float]:
    """Seconds of every frame that a full decode shows."""
    return _times(run("ffmpeg", "-nostdin", "-v", "error", "-i", str(path), *SHOWN, "-f", "framecrc", "-"))


def filtered(path: Path, steps: str, pixels: str) -> bytes:
    """All frames as a player shows them, after `steps`, in the format `pixels`."""
    return run("ffmpeg", "-nostdin", "-v", "error", "-i", str(path), *_raw(steps, pixels), "-")


def timed(path: Path, steps: str, pixels: str) -> tuple[list[float], bytes]:
    """`frame_times` and `filtered` of one decode."""
    with NamedTemporaryFile() as log:
        both = [*_raw(steps, pixels), "-", *SHOWN, "-f", "framecrc", log.name]
        shown = run("ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(path), *both)
        return _times(log.read()), shown


def frames(path: Path, width: int, height: int) -> Pixels:
    """All frames, scaled to (n, height, width, 3) RGB."""
    raw = filtered(path, f"scale={width}:{height}", "rgb24")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def timed_frames(path: Path, width: int, height: int) -> tuple[list[float], Pixels]:
    """`frame_times` and `frames`."""
    times, raw = timed(path, f"scale={width}:{height}", "rgb24")
    return times, np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def _raw(steps: str, pixels: str) -> list[str]:
    return [*SHOWN, "-vf", steps, "-f", "rawvideo", "-pix_fmt", pixels]


def _times(framecrc: bytes) -> list[float]:
    times, base = [], 1.0
    for line in framecrc.decode().splitlines():
        if line.startswith("#tb"):
            numerator, denominator = line.split()[-1].split("/")
            base = int(numerator) / int(denominator)
        elif not line.startswith("#"):
            times.append(int(line.split(",")[2]) * base)
    return times


def describe(path: Path) -> dict[str, Any]:
    asked = ["-show_format", "-show_streams", "-of", "json"]
    found: dict[str, Any] = json.loads(run("ffprobe", "-v", "error", *asked, str(path)))
    return found


_PROBED: dict[tuple[Path, int, int], MediaInfo] = {}


async def probed(path: Path, tools: Tools) -> MediaInfo:
    """A file is probed once for as long as it does not change."""
    stat = path.stat()
    key = path, stat.st_size, stat.st_mtime_ns
    if key not in _PROBED:
        _PROBED[key] = (await probe(path, tools, size=stat.st_size)).info
    return _PROBED[key]


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
