"""Clips whose every frame says its number, so that a decoded result tells which frames it is made of."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from tests.media.looking import Pixels
from tests.media.viewing import looked_at

BITS, CELL = 12, 16
WIDTH, HEIGHT = BITS * CELL, 96
X264 = ("-c:v", "libx264", "-preset", "superfast", "-threads", "1", "-pix_fmt", "yuv420p")


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


STRIP = ("scale", f"{WIDTH}:{HEIGHT}"), ("crop", f"{WIDTH}:{CELL}:0:0")
"""Where the number is."""


def numbers(path: Path) -> list[int]:
    """The number of every frame that a full decode shows."""
    return timed_numbers(path)[1]


def timed_numbers(path: Path) -> tuple[list[float], list[int]]:
    """Seconds and number of every frame."""
    times, shown = list[float](), list[int]()
    for time, strip in looked_at(path, "gray", *STRIP):
        times.append(float(time))
        shown.append(_read(strip))
    return times, shown


def _read(strip: Pixels) -> int:
    middle = slice(CELL // 4, CELL * 3 // 4)
    bits = strip.reshape(CELL, BITS, CELL)[middle, :, middle].mean(axis=(0, 2)) > 128
    return int(sum(1 << place for place in range(BITS) if bits[place]))


def _picture(number: int) -> Pixels:
    across, down = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
    waves = 96 + 48 * np.sin((across + 3 * number) / 9) + 32 * np.cos((down - 2 * number) / 7)
    picture: Pixels = waves.astype(np.uint8)
    for place in range(BITS):
        picture[:CELL, place * CELL : (place + 1) * CELL] = 235 if number >> place & 1 else 16
    return picture
