"""Small sources with sound, each with content of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SIZE, _RATE = "160x120", 25
_SECONDS = (1.0, 1.4, 2.0)


def make_clips(folder: Path, count: int) -> list[tuple[Path, float]]:
    """So many clips, and the seconds that each lasts."""
    return [_clip(folder / f"clip-{number}.mp4", number) for number in range(count)]


def _clip(path: Path, number: int) -> tuple[Path, float]:
    seconds = _SECONDS[number % len(_SECONDS)]
    pictures = f"testsrc2=size={_SIZE}:rate={_RATE}:duration={seconds},hue=h={number * 60}"
    sound = f"sine=frequency={300 + 100 * number}:duration={seconds}"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound,
         "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(path)],
        check=True, timeout=60,
    )  # fmt: skip
    return path, seconds
