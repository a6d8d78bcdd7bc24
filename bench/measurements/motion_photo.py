"""Motion Photos and thumbnails of a session, against the bare ffmpeg commands that they need."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from pathlib import Path
from statistics import median, quantiles

from bench.bare import encodings
from bench.bench import Bench, ratio
from bench.motion import Motion
from bench.report import Figure, Result, Target
from libs.contracts.media import ObjectRef
from libs.media.command import compile as compile_graph
from libs.media.motion import clip_graph
from libs.media.probe import probe
from libs.media.tools import Tools

NAME = "motion-photo"
LENGTH, COVER = 3.0, 1.3
THUMBNAIL_WIDTH = 320


def measure(bench: Bench) -> Result:
    clip = bench.clips.feature(1)
    session = Motion(bench.stack, clip)
    choose = random.Random(60)
    ours, again, bare = [], [], []
    for _ in range(bench.rounds(5)):
        start = choose.uniform(5, 50)
        seconds, _ = session.convert(start, start + LENGTH, start + COVER)
        ours.append(seconds)
        again.append(session.convert(start, start + LENGTH, start + COVER)[0])
        bare.append(_bare(bench, clip, start))
    session.cleanup()
    thumbnails = _thumbnails(bench, choose)
    cuts = quantiles(thumbnails, n=100, method="inclusive")
    figures = [
        Figure("convert / the bare commands", ratio(ours, bare), "x", Target("<=", 1.15)),
        Figure("convert / the bare commands, the quickest of each", min(ours) / min(bare), "x"),
        Figure("the same convert again", median(again), "s", Target("<=", 0.1)),
        Figure("thumbnail out of 10 minutes, p50", cuts[49], "s"),
        Figure("thumbnail out of 10 minutes, p99", cuts[98], "s"),
        Figure("convert", median(ours), "s"),
        Figure("the bare commands", median(bare), "s"),
    ]
    return Result(NAME, figures, {"convert": ours, "again": again, "bare": bare, "thumbnails": thumbnails})


def _thumbnails(bench: Bench, choose: random.Random) -> list[float]:
    minutes = 2 if bench.quick else 10
    session = Motion(bench.stack, bench.clips.feature(minutes))
    taken = [
        session.thumbnail(choose.uniform(0, minutes * 60 - 1)) for _ in range(20 if bench.quick else 100)
    ]
    session.cleanup()
    return taken


def _bare(bench: Bench, clip: Path, start: float) -> float:
    """The clip with the encodings of ours, the cover, and the cover's thumbnail, one after the other, from a
    local file."""
    info = asyncio.run(probe(clip, Tools(), size=clip.stat().st_size)).info
    graph = clip_graph(ObjectRef(key="clip", size=0, sha256="0" * 64), info, start, start + LENGTH, 1.0)
    encoded = encodings(compile_graph(graph, {"clip": clip}, bench.folder / "bare.mp4"))
    cover, thumbnail = bench.folder / "cover.jpg", bench.folder / "thumbnail.jpg"
    begun = time.perf_counter()
    _ffmpeg("-ss", str(start), "-i", str(clip), "-t", str(LENGTH), *encoded, str(bench.folder / "bare.mp4"))
    _ffmpeg("-ss", str(start + COVER), "-i", str(clip), "-frames:v", "1", "-q:v", "2", str(cover))
    _ffmpeg("-i", str(cover), "-vf", f"scale={THUMBNAIL_WIDTH}:-2", str(thumbnail))
    return time.perf_counter() - begun


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)
