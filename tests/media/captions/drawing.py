"""Captions made, drawn by ffmpeg on a plain ground, and looked at."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from libs.contracts.captions import CaptionSection, CaptionStyle, Transcript, Utterance, Word
from libs.media.captions.installed import installed
from libs.media.captions.make import Captions, captions
from libs.media.captions.sections import Said
from libs.media.runner import ENVIRONMENT

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
RATE = 25
GROUND = (64, 96, 128)


def transcript(text: str, *, each: float = 0.4, gap: float = 0.0, language: str = "en") -> Transcript:
    """The words of `text`, `each` seconds long, with `gap` seconds of silence between them."""
    words, at = [], 0.0
    for word in text.split(" "):
        words.append(Word(text=word, start=round(at, 3), end=round(at + each, 3)))
        at += each + gap
    said = Utterance(text=text, start=0.0, end=at, words=words)
    return Transcript(language=language, duration=at, utterances=[said])


def said(
    text: str | Transcript, start: float = 0.0, length: float = 60.0, given: bool = False, **style: Any
) -> Said:
    spoken = transcript(text) if isinstance(text, str) else text
    return Said(CaptionSection(start=start, length=length, style=CaptionStyle(**style)), spoken, given)


def made(width: int, height: int, *sections: Said) -> Captions:
    return captions(width, height, sections, installed())


def drawn(script: str, size: tuple[int, int], times: Sequence[float], folder: Path) -> Pixels:
    """(n, height, width, 3) RGB at `times`, which are multiples of 1 / 25 s and rise."""
    path = folder / "drawn.ass"
    path.write_text(script)
    (width, height), frames = size, [round(time * RATE) for time in times]
    moved = "+".join(f"eq(N,{number})*{frame}" for number, frame in enumerate(frames))
    colour = "".join(f"{part:02x}" for part in GROUND)
    ground = f"color=0x{colour}:s={width}x{height}:r={RATE}:d={len(frames) / RATE},format=rgb24"
    command = [
        "-f",
        "lavfi",
        "-i",
        f"{ground},setpts='({moved})/{RATE}/TB',ass={path}",
        "-fps_mode",
        "passthrough",
    ]
    raw = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", *command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True,
        capture_output=True,
        timeout=60,
        env=ENVIRONMENT | {"PATH": "/usr/local/bin:/usr/bin:/bin"},
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(len(frames), height, width, 3)


def ink(frame: Pixels) -> Mask:
    """Where something is drawn."""
    return ~near(frame, GROUND, 8)


def alike(one: Pixels, other: Pixels) -> float:
    """The share of pixels where both are drawn, or neither."""
    return float(np.equal(ink(one), ink(other)).mean())


def near(frame: Pixels, colour: tuple[int, int, int], tolerance: int = 24) -> Mask:
    """Where each part of `frame` is at most `tolerance` off that colour."""
    least, most = [part - tolerance for part in colour], [part + tolerance for part in colour]
    return cv2.inRange(frame, np.array(least, float), np.array(most, float)).astype(np.bool_)


def bounds(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is set; there must be something."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])
