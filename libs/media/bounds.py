"""What a file may claim before it is refused: hostile headers are cheap to write and dear to believe."""

from __future__ import annotations

from typing import Any

from libs.contracts.errors import InvalidInputError, MediaError

MAX_PIXELS = 8192 * 8192
"""Width times height of a video, as stored and as displayed; ffmpeg needs some 30 bytes for each."""
MAX_FRAMES = 5_000_000
"""Frames of a video: 23 hours at 60 a second."""
MAX_WORK = 10**13
"""Pixels of all frames that one encode writes: eleven hours of 1080p at 120 a second."""
MAX_PLAIN = 32 << 30
"""Bytes of what is written without loss, at most three a pixel."""
MAX_TRACKS = 64
"""Audio tracks, and subtitle tracks, that are told of; ffmpeg sees to the rest."""
MAX_STREAMS = 128
MAX_TEXT = 256
"""Characters of any text in a probe."""


def bounded(value: Any) -> Any:
    """A probe with its texts cut and its lists shortened."""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, list):
        return [bounded(each) for each in value[:MAX_STREAMS]]
    if isinstance(value, dict):
        kept = list(value.items())[:MAX_STREAMS]
        return {key[:MAX_TEXT]: bounded(each) for key, each in kept}
    return value


def check_size(width: int, height: int) -> None:
    """Raises `MediaError` for frames that are too large."""
    if width * height > MAX_PIXELS:
        raise MediaError(f"The video is too large: {width} x {height} pixels.")


def check_work(width: int, height: int, frames: float, *, lossless: bool) -> None:
    """Raises `InvalidInputError` for an encode that asks for more than anybody needs."""
    pixels = width * height * frames
    if frames > MAX_FRAMES or pixels > MAX_WORK or (lossless and 3 * pixels > MAX_PLAIN):
        raise InvalidInputError(
            f"This would be too much to encode: {frames:.0f} frames of {width} x {height} pixels."
        )


def check_frames(count: float) -> None:
    """Raises `MediaError` for more frames than anybody films."""
    if count > MAX_FRAMES:
        raise MediaError(f"The video has too many frames: more than {MAX_FRAMES}.")
