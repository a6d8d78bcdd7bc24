"""Motion Photos looked at by others: exiftool, ffprobe, plain ffmpeg, and the project's reader."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from libs.media.motionphoto import MotionPhoto, read
from tests.media.looking import Pixels, describe, frame_times, frames, run
from tests.media.motionphoto.outside import installed

Tags = dict[str, Any]
Luma = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """A Motion Photo on disk, and its video on its own."""

    path: Path
    clip: Path
    photo: MotionPhoto
    tags: Tags
    """As exiftool prints them: numbers as numbers."""

    @property
    def presentation(self) -> float:
        """Seconds from the start of the video to the picture."""
        return float(self.photo.presentation_us) / 1e6

    def cover(self) -> Pixels:
        """(height, width, 3) RGB."""
        picture: Pixels = frames(self.path, self.photo.width, self.photo.height)[0]
        return picture

    def moving(self, width: int | None = None, height: int | None = None) -> Pixels:
        """The video's frames, RGB, in the size of the picture."""
        return frames(self.clip, width or self.photo.width, height or self.photo.height)

    def shown(self) -> int:
        """Number of the frame that the video shows at the time of the picture."""
        times = np.array(frame_times(self.clip))
        return int(np.searchsorted(times, self.presentation + 0.0005, side="right")) - 1

    def video(self) -> dict[str, Any]:
        return self._stream("video")[0]

    def audio(self) -> list[dict[str, Any]]:
        return self._stream("audio")

    def _stream(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in describe(self.clip)["streams"] if each["codec_type"] == kind]

    def duration(self) -> float:
        return float(describe(self.clip)["format"]["duration"])


def exiftool(path: Path, *options: str) -> bytes:
    command = [installed(), *options, str(path)]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def look(data: bytes, folder: Path) -> Seen:
    """The photo, checked for all that holds of every one."""
    path = folder / f"{uuid4().hex[:8]}MP.jpg"
    path.write_bytes(data)
    tags: Tags = json.loads(
        exiftool(path, "-j", "-n", "-struct", "-File:all", "-EXIF:all", "-XMP:all", "-validate")
    )[0]
    clip = path.with_suffix(".mp4")
    photo = read(data)
    inside = _inside(path)
    clip.write_bytes(_tail(path, tags, inside))
    assert photo.video == clip.read_bytes()
    # Errors, warnings, minor ones among them: exiftool does not know Xiaomi's tag.
    assert tags["Validate"] == ("0 1 1" if photo.device == "xiaomi" else "0 0 0")
    _check_tags(tags)
    assert tags["MotionPhotoPresentationTimestampUs"] == photo.presentation_us
    assert inside["ThumbnailImage"] == photo.thumbnail
    assert (photo.thumbnail or b"")[:2] == b"\xff\xd8"
    _check_clip(clip)
    return Seen(path, clip, photo, tags)


def _inside(path: Path) -> dict[str, bytes]:
    """What exiftool takes out of the file."""
    found: Tags = json.loads(
        exiftool(path, "-j", "-b", "-EmbeddedVideoFile", "-MotionPhotoVideo", "-ThumbnailImage")
    )[0]
    mark = "base64:"
    return {name: b64decode(text.removeprefix(mark)) for name, text in found.items() if text.startswith(mark)}


def _tail(path: Path, tags: Tags, inside: dict[str, bytes]) -> bytes:
    """The video as exiftool has it: of a trailer alone, else the last item."""
    assert path.read_bytes().endswith(inside["MotionPhotoVideo"])
    assert _items(tags)[-1]["Length"] == len(inside["MotionPhotoVideo"])
    return inside.get("EmbeddedVideoFile") or inside["MotionPhotoVideo"]


def _items(tags: Tags) -> list[Tags]:
    """The parts of the file."""
    return [each["Item"] for each in tags["ContainerDirectory"]]


def _check_tags(tags: Tags) -> None:
    assert (tags["FileType"], tags["MIMEType"]) == ("JPEG", "image/jpeg")
    assert (tags["MotionPhoto"], tags["MotionPhotoVersion"]) == (1, 1)
    assert (tags["MicroVideo"], tags["MicroVideoVersion"]) == (1, 1)
    first, *_, last = _items(tags)
    assert (first["Semantic"], first["Mime"]) == ("Primary", "image/jpeg")
    assert (last["Semantic"], last["Mime"]) == ("MotionPhoto", "video/mp4")
    assert last["Length"] == tags["MicroVideoOffset"]
    assert tags["Orientation"] == 1
    assert tags["DateTimeOriginal"]
    stamps = ("MotionPhotoPresentationTimestampUs", "MicroVideoPresentationTimestampUs")
    assert tags[stamps[0]] == tags[stamps[1]]


def _check_clip(path: Path) -> None:
    found = describe(path)
    assert found["format"]["tags"]["major_brand"] in ("isom", "mp42")
    (video,) = [each for each in found["streams"] if each["codec_type"] == "video"]
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == ("h264", "High", "yuv420p")
    assert video["width"] % 2 == video["height"] % 2 == 0
    assert not video.get("side_data_list"), "it has to be upright by itself"
    for audio in found["streams"]:
        if audio["codec_type"] == "audio":
            assert (audio["codec_name"], audio["sample_rate"]) == ("aac", "48000")


def luma(picture: Pixels) -> Luma:
    brightness: Luma = picture @ np.array([0.2126, 0.7152, 0.0722])
    return brightness


def psnr(one: Pixels | Luma, other: Pixels | Luma) -> float:
    """dB between pictures of one size."""
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return float(10 * np.log10(255**2 / error)) if error else 99.0


def pitch(path: Path) -> float:
    """Hz of the loudest tone in the middle of the sound."""
    raw = run("ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", "48000", "-f", "f32le", "-")
    sound = np.frombuffer(raw, np.float32)
    middle = sound[len(sound) // 4 : len(sound) * 3 // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
    return float(np.argmax(spectrum)) * 48_000 / (1 << 18)
