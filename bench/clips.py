"""The clips that are measured with, made by ffmpeg from Big Buck Bunny."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from uuid import uuid4

from reelbus.demo.clips import bunny

CHUNK = 8 << 20


class Clips:
    """Made once each, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def looped(self, seconds: int) -> Path:
        """Big Buck Bunny over and over: 1280x720, 25 fps, x264's default GOPs."""
        path = self._folder / f"bunny-{seconds}s.mp4"
        if not path.exists():
            video = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p")
            _ffmpeg("-stream_loop", "-1", "-i", str(bunny()), "-t", str(seconds), *video, "-c:a", "aac", path)
        return path

    def feature(self, minutes: int) -> Path:
        """Half a minute of it over and over, as a phone films: 1920x1080, 30 fps, a key frame a second."""
        path = self._folder / f"feature-{minutes}.mp4"
        part = self._folder / "half-a-minute.mp4"
        if not part.exists():
            video = (
                "-vf",
                "scale=1920:1080",
                "-r",
                "30",
                "-c:v",
                "libx264",
                "-preset",
                "veryfast",
                "-g",
                "30",
            )
            _ffmpeg("-stream_loop", "-1", "-i", str(bunny()), "-t", "30", *video, "-crf", "23", "-c:a", "aac",
                    "-ac", "2", part)  # fmt: skip
        if not path.exists():
            _ffmpeg("-stream_loop", str(minutes * 2 - 1), "-i", str(part), "-c", "copy",
                    "-movflags", "+faststart", path)  # fmt: skip
        return path

    def unique(self, source: Path) -> Path:
        """The same video with other bytes, so that no earlier result answers for it."""
        path = self._folder / f"{uuid4().hex}{source.suffix}"
        _ffmpeg("-i", str(source), "-map", "0", "-c", "copy", "-metadata", f"title={path.stem}", path)
        return path

    def tiny(self) -> Path:
        """A few frames of a test picture."""
        path = self._folder / f"tiny-{uuid4().hex}.mp4"
        picture = ("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10:duration=0.4")
        _ffmpeg(*picture, "-metadata", f"title={path.stem}", path)
        return path

    def noise(self, size: int) -> Path:
        """`size` random bytes: no video, but stored like one."""
        path = self._folder / f"noise-{uuid4().hex}.mp4"
        with path.open("wb") as file:
            for offset in range(0, size, CHUNK):
                file.write(os.urandom(min(CHUNK, size - offset)))
        return path


def _ffmpeg(*arguments: str | Path) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)
