"""Flat patches of known light, stored in every way that cameras do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.media.looking import Pixels, run

SIDE = 32
Levels = NDArray[np.float64]


def striped(colours: list[tuple[int, int, int]]) -> NDArray[np.uint16]:
    """(64, 32 n, 3): one stripe of each colour, 16 bits."""
    row = np.repeat(np.array(colours, np.uint16)[None], SIDE, axis=1)[0]
    return np.broadcast_to(row, (2 * SIDE, *row.shape)).copy()


def stored(path: Path, picture: NDArray[np.uint16], vf: str, *args: str) -> Path:
    """A second of `picture`, after the filters `vf`, encoded with `args`."""
    height, width, _ = picture.shape
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", f"{width}x{height}", "-r", "25", "-i", "-"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *raw, "-vf", vf, *args, str(path)]
    subprocess.run(command, input=picture.tobytes() * 25, check=True, timeout=60)
    return path


def centres(shown: Pixels) -> Levels:
    """The mean colour of the middle of each stripe of (h, w, 3) pixels."""
    height, width, _ = shown.shape
    middle = shown[height // 4 : height * 3 // 4].reshape(height // 2, width // SIDE, SIDE, 3)
    means: Levels = middle[:, :, SIDE // 4 : SIDE * 3 // 4].mean(axis=(0, 2))
    return means


def seen(path: Path, width: int, height: int) -> Pixels:
    """A frame of the middle of a BT.709 video as a careful player shows it."""
    vf = f"scale={width}:{height}:in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int"
    raw = run("ffmpeg", "-nostdin", "-v", "error", "-ss", "0.4", "-i", str(path), "-vf", vf, "-frames:v", "1",
              "-f", "rawvideo", "-pix_fmt", "rgb24", "-")  # fmt: skip
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3)
