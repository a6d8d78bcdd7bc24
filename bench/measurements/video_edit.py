"""A VIDEO_EDIT against the two ffmpeg commands that bring a video to a size and a loudness by hand."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.bare import encodings
from bench.bench import Bench, ratio
from bench.jobs import Worker
from bench.report import Figure, Result, Target
from libs.contracts.media import ObjectRef
from libs.contracts.video_edit import Analysis, Wanted
from libs.media.command import compile as compile_graph
from libs.media.probe import probe
from libs.media.tools import Tools
from libs.media.video_edit.graph import video_edit_graph

NAME = "video-edit"
WANTED: dict[str, Any] = {"target_duration": 30.0, "target_width": 1080, "target_height": 1920}
LUFS, PEAK = -14.0, -1.0
LOUDNORM = f"loudnorm=I={LUFS:g}:TP={PEAK:g}:LRA=11"
PAD = "scale={w}:{h}:force_original_aspect_ratio=decrease,pad={w}:{h}:(ow-iw)/2:(oh-ih)/2,setsar=1"
_PRINTED = re.compile(r"\{[^{}]+\}")


def measure(bench: Bench) -> Result:
    source, worker = bench.clips.feature(1), Worker(bench.stack)
    ours, again, bare = [], [], []
    for number in range(bench.rounds(5)):
        bench.say(f"round {number + 1}")
        clip = bench.clips.unique(source)
        path = worker.upload(clip)
        for step in ("ours", "bare") if number % 2 else ("bare", "ours"):
            if step == "ours":
                ours.append(worker.edit(path, **WANTED, target_lufs=LUFS))
                again.append(worker.edit(path, **WANTED, target_lufs=LUFS))
            else:
                bare.append(_bare(bench, clip))
        clip.unlink()
    figures = [
        Figure("job / the bare two passes", ratio(ours, bare), "x", Target("<=", 1.05)),
        Figure("the same, the quickest of each", min(ours) / min(bare), "x"),
        Figure("job", median(ours), "s"),
        Figure("the bare two passes", median(bare), "s"),
        Figure("the same edit again", median(again), "s"),
    ]
    return Result(NAME, figures, {"job": ours, "again": again, "bare": bare})


def _bare(bench: Bench, clip: Path) -> float:
    """Seconds of both commands, one after the other, from a local file: the sound is measured without
    decoding the pictures, and the second pass has the encodings of ours."""
    target = bench.folder / "bare-edit.mp4"
    encoded, part = encodings(_ours(clip, target)), ("-t", f"{WANTED['target_duration']:g}", "-i", str(clip))
    pad = PAD.format(w=WANTED["target_width"], h=WANTED["target_height"])
    begun = time.perf_counter()
    printed = _ffmpeg("info", *part, "-vn", "-af", f"{LOUDNORM}:print_format=json", "-f", "null", "-")
    found = json.loads(_PRINTED.findall(printed)[-1])
    measured = ":".join(
        f"measured_{name}={found[f'input_{key}']}"
        for name, key in (("I", "i"), ("TP", "tp"), ("LRA", "lra"), ("thresh", "thresh"))
    )
    louder = f"{LOUDNORM}:{measured}:offset={found['target_offset']}:linear=true"
    _ffmpeg("error", *part, "-vf", pad, "-af", louder, *encoded, str(target))
    return time.perf_counter() - begun


def _ours(clip: Path, target: Path) -> list[str]:
    """The command of the same edit without a loudness."""
    info = asyncio.run(probe(clip, Tools(), size=clip.stat().st_size)).info
    wanted = Wanted(duration=WANTED["target_duration"], width=1080, height=1920)
    graph = video_edit_graph(ObjectRef(key="clip", size=0, sha256="0" * 64), info, wanted, Analysis())
    return compile_graph(graph, {"clip": clip}, target)


def _ffmpeg(level: str, *arguments: str) -> str:
    """What it prints."""
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-v", level, "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr
