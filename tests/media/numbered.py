"""Clips whose every frame says its number, so that a decoded result tells which frames it is made of."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from tests.media.looking import Pixels, frames

BITS, CELL = 12, 16
WIDTH, HEIGHT = BITS * CELL, 96
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")


def numbered(
    path: Path,
    count: int,
    *,
    rate: str = "25",
    first: int = 0,
    video: tuple[str, ...] = (*X264, "-g", "25", "-bf", "2"),
    audio: tuple[str, ...] = ("-c:a", "aac"),
) -> Path:
    """Write `count` frames numbered from `first`, over a moving texture, with a tone (unless `audio` is
    empty)."""
    sound = ["-f", "lavfi", "-i", "sine=440:r=48000"] if audio else []
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray",
               "-s", f"{WIDTH}x{HEIGHT}", "-r", rate, "-i", "-", *sound, *video, *audio, "-shortest",
               str(path)]  # fmt: skip
    made = np.concatenate([_picture(first + number) for number in range(count)])
    subprocess.run(command, input=made.tobytes(), check=True, timeout=60)
    return path


def numbers(path: Path) -> list[int]:
    """The number of every frame that a full decode shows."""
    shown = frames(path, WIDTH, HEIGHT)[..., 0].astype(float)
    cells = shown[:, CELL // 4 : CELL * 3 // 4, :].reshape(len(shown), CELL // 2, BITS, CELL)
    bits = cells[..., CELL // 4 : CELL * 3 // 4].mean(axis=(1, 3)) > 128
    return [int(sum(1 << place for place in range(BITS) if each[place])) for each in bits]


def _picture(number: int) -> Pixels:
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    picture: Pixels = (96 + 48 * np.sin((x + 3 * number) / 9) + 32 * np.cos((y - 2 * number) / 7)).astype(
        np.uint8
    )
    for place in range(BITS):
        picture[:CELL, place * CELL : (place + 1) * CELL] = 235 if number >> place & 1 else 16
    return picture
