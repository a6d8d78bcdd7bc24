"""A queue of trim, trim, concat and encode as one job, against the same four one after another."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from statistics import median

from bench.bench import Bench, ratio
from bench.editor import Editor
from bench.report import Figure, Result, Target

NAME = "edit-queue"
PARTS = ((12.4, 32.4), (70.5, 85.5))
"""Seconds of the two trims: on frames, so that ffmpeg's own result has the same ones."""
SIZE, RATE = "1280:720", 30


def measure(bench: Bench) -> Result:
    clip = bench.clips.feature(2)
    queued, repeated, stepwise, naive = [], [], [], []
    for _ in range(bench.rounds(3)):
        editor = Editor(bench.stack)
        video = editor.upload(bench.clips.unique(clip))
        result = _queue(editor, video)
        queued.append(editor.execute())
        _queue(editor, video)
        repeated.append(editor.execute())
        stepwise.append(_steps(Editor(bench.stack), Editor(bench.stack).upload(bench.clips.unique(clip))))
        seconds, last = _bare(bench, clip)
        naive.append(seconds)
    ours = _ssim(clip, editor.fetch(result, bench.folder / "queued.mp4"))
    theirs = _ssim(clip, last)
    figures = [
        Figure("queue / four runs of ffmpeg", ratio(queued, naive), "x", Target("<=", 0.6)),
        Figure("queue / the editor one by one", ratio(queued, stepwise), "x"),
        Figure("SSIM to the source, over that of ffmpeg's", ours / theirs, "x", Target(">=", 1.0)),
        Figure("repeat of an executed queue", median(repeated), "s", Target("<=", 0.3)),
        Figure("queue", median(queued), "s"),
        Figure("four runs of ffmpeg", median(naive), "s"),
    ]
    details = {
        "queued": queued, "repeated": repeated, "one by one": stepwise, "ffmpeg": naive,
        "SSIM": ours, "SSIM of ffmpeg's": theirs,
    }  # fmt: skip
    return Result(NAME, figures, details)


def _queue(editor: Editor, video: int) -> int:
    first, second = (editor.trim(video, *part) for part in PARTS)
    joined = editor.queue("concat", video_ids=[second, first])
    return editor.queue("encoding", video_id=joined, resolution=SIZE, frame_rate=RATE)


def _steps(editor: Editor, video: int) -> float:
    """Every edit executed before the next one is queued."""
    seconds, trimmed = 0.0, []
    for part in PARTS:
        trimmed.append(editor.trim(video, *part))
        seconds += editor.execute()
    joined = editor.queue("concat", video_ids=trimmed[::-1])
    seconds += editor.execute()
    editor.queue("encoding", video_id=joined, resolution=SIZE, frame_rate=RATE)
    return seconds + editor.execute()


def _bare(bench: Bench, clip: Path) -> tuple[float, Path]:
    """What a script does: exact trims are encoded, joined without encoding, and encoded again."""
    folder = bench.folder
    begun = time.perf_counter()
    for name, (start, end) in zip(("a", "b"), PARTS, strict=True):
        _ffmpeg("-ss", str(start), "-i", str(clip), "-t", str(end - start), str(folder / f"{name}.mp4"))
    listing = folder / "list.txt"
    listing.write_text("file 'b.mp4'\nfile 'a.mp4'\n")
    _ffmpeg("-f", "concat", "-i", str(listing), "-c", "copy", str(folder / "joined.mp4"))
    result = folder / "encoded.mp4"
    _ffmpeg("-i", str(folder / "joined.mp4"), "-vf", f"scale={SIZE}", "-r", str(RATE), str(result))
    return time.perf_counter() - begun, result


def _ssim(clip: Path, result: Path) -> float:
    """Of the luma and chroma of all frames, to the same parts of the source, scaled alike."""
    found, at = 0.0, 0.0
    for start, end in PARTS[::-1]:
        found += (end - start) * _similarity(result, at, clip, start, end - start)
        at += end - start
    return found / at


def _similarity(result: Path, at: float, clip: Path, start: float, length: float) -> float:
    """Of `length` seconds of both. Each part is looked at alone: ffmpeg's `concat` filter guesses how long a
    last frame is shown, and one frame off is another picture."""
    spans = (("-ss", str(at), "-t", str(length), "-i", str(result)),
             ("-ss", str(start), "-t", str(length), "-i", str(clip)))  # fmt: skip
    graph = f"[0:v]setpts=PTS-STARTPTS[r];[1:v]setpts=PTS-STARTPTS,scale={SIZE}[s];[r][s]ssim"
    command = ["ffmpeg", "-nostdin", "-hide_banner", *spans[0], *spans[1], "-lavfi", graph, "-f", "null", "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (found,) = re.findall(r"All:([0-9.]+)", done.stderr)
    return float(found)


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True)
