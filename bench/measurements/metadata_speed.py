"""Metadata extraction against decoding every frame with OpenCV and counting its three histograms."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import cv2
import numpy as np

from bench.bench import Bench, ratio
from bench.report import Figure, Result, Target
from libs.contracts.media import MediaInfo
from libs.media.probe import probe
from libs.media.tools import Tools
from services.analyze.metadata import extract

NAME = "metadata-speed"


def measure(bench: Bench) -> Result:
    clip = bench.clips.looped(60)  # a shorter one has too few key frames
    info = asyncio.run(probe(clip, Tools(), size=clip.stat().st_size)).info
    ours, every_frame, frames = [], [], 0
    for _ in range(bench.rounds(3)):
        seconds, frames = _ours(clip, info)
        ours.append(seconds)
        seconds, decoded = _every_frame(clip)
        every_frame.append(seconds)
        if decoded != frames:
            raise RuntimeError(f"{frames} frames reported, {decoded} decoded.")
    figures = [
        Figure("faster than OpenCV over every frame", ratio(every_frame, ours), "x", Target(">=", 5)),
        Figure("of a video's play time", info.duration / min(ours) if info.duration else 0.0, "x real time"),
    ]
    return Result(NAME, figures, {"extraction": ours, "every frame": every_frame, "frames": frames})


def _ours(clip: Path, info: MediaInfo) -> tuple[float, int]:
    begun = time.perf_counter()
    found = asyncio.run(extract(clip, info, Tools(), clip.stat().st_size, lambda _: None))
    return time.perf_counter() - begun, found.frame_count


def _every_frame(clip: Path) -> tuple[float, int]:
    begun, frames = time.perf_counter(), 0
    totals = np.zeros((3, 256))
    capture = cv2.VideoCapture(str(clip))
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        frames += 1
        for channel in range(3):
            totals[channel] += cv2.calcHist([frame], [channel], None, [256], [0, 256]).ravel()
    capture.release()
    return time.perf_counter() - begun, frames
