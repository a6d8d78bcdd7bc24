"""Five seconds out of half an hour of 1080p, against ffmpeg re-encoding or copying them."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from pathlib import Path
from statistics import median

from bench.bench import Bench, ratio
from bench.editor import Editor
from bench.report import Figure, Result, Target
from bench.stack import Stack
from libs.contracts.media import ObjectRef
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.run import cut
from libs.media.edit import render, stored, trim
from libs.media.probe import probe
from libs.media.tools import Tools

NAME = "trim"
LENGTH = 5.0
PAUSE = 1.0
"""Seconds of rest before a job, in which the worker gets ready for the next cut."""


def measure(bench: Bench) -> Result:
    minutes = 5 if bench.quick else 30
    clip = bench.clips.feature(minutes)
    editor = Editor(bench.stack)
    bench.say(f"uploading {minutes} minutes of 1080p, {clip.stat().st_size / 1e6:.0f} MB")
    video, tiny = editor.upload(clip), editor.upload(bench.clips.looped(1))
    choose = random.Random(30)
    ours, encoded, copied, overhead = [], [], [], []
    for _ in range(bench.rounds(5)):
        start = choose.uniform(60, minutes * 60 - 60)
        time.sleep(PAUSE)
        editor.trim(video, start, start + LENGTH)
        ours.append(editor.execute())
        encoded.append(_ffmpeg(bench, clip, start))
        copied.append(_ffmpeg(bench, clip, start, "-c", "copy"))
        editor.trim(tiny, 0, choose.uniform(0.9, 1))
        time.sleep(PAUSE)
        overhead.append(editor.execute())
    net = [max(mine - median(overhead), 0.0) for mine in ours]
    outcome, alone, sent = asyncio.run(_alone(bench.stack, clip, start))
    share = 100 * outcome.bytes_read / clip.stat().st_size
    figures = [
        Figure("faster than re-encoding", ratio(encoded, ours), "x", Target(">=", 10)),
        Figure("the cutter alone, faster than re-encoding the same part", encoded[-1] / alone, "x"),
        Figure("without the overhead of a job / copying", ratio(net, copied), "x", Target("<=", 3)),
        Figure("bytes read of the object", share, "%", Target("<=", 5)),
        Figure("trim by the editor", median(ours), "s"),
        Figure("re-encoding", median(encoded), "s"),
        Figure("copying", median(copied), "s"),
        Figure("overhead: a job that does next to nothing", median(overhead), "s"),
        Figure("frames encoded anew in one of them", outcome.encoded_frames, ""),
    ]
    details = {
        "ours": ours, "encoded": encoded, "copied": copied, "overhead": overhead, "method": outcome.method,
        "copied packets": outcome.copied_packets, "bytes": outcome.bytes_read, "sent by S3": sent,
    }  # fmt: skip
    return Result(NAME, figures, details)


def _ffmpeg(bench: Bench, clip: Path, start: float, *how: str) -> float:
    target = bench.folder / "trimmed.mp4"
    part = ("-ss", f"{start:.3f}", "-i", str(clip), "-t", str(LENGTH))
    begun = time.perf_counter()
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *part, *how, str(target)], check=True)
    return time.perf_counter() - begun


async def _alone(stack: Stack, clip: Path, start: float) -> tuple[CutOutcome, float, int]:
    """The cutter by itself on the stored object, its seconds, and the bytes that the S3 server wrote
    meanwhile."""
    storage, size = stack.connection.storage(), clip.stat().st_size
    (key,) = [key for key in await storage.keys("uploads/") if key.endswith(clip.name)]
    info = (await probe(clip, Tools(), size=size)).info
    source = stored(ObjectRef(key=key, size=size, sha256="0" * 64), info, clip.name)
    graph = render(trim(source, start, start + LENGTH))
    target = clip.with_name("alone.mp4")
    request = CutRequest(graph=graph, inputs={"0" * 64: await storage.presign(key)}, destination=str(target))
    server = stack.processes()["s3"]
    before = sum(process.io_counters().write_chars for process in server)
    begun = time.perf_counter()
    outcome = await cut(Tools(), request, cwd=clip.parent, time_limit=120)
    seconds = time.perf_counter() - begun
    after = sum(process.io_counters().write_chars for process in server)
    storage.close()
    return outcome, seconds, after - before
