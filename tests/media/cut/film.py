"""What a player would show and play of a file, seen by the ffmpeg command line alone."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.media.cut.boxes import video_duration

Pixels = NDArray[Any]
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Track:
    """One sound track, mixed to mono: `start` is the time of its first sample."""

    start: float
    rate: int
    samples: Samples
    largest_gap: float

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / self.rate


@dataclass(frozen=True)
class Film:
    """Every frame that is shown: `times` in seconds as the container has them, `pictures` a row of samples
    each, `end` the end of the last. `keys` are the times of packets that are flagged as key frames.
    `complaints` is what ffmpeg said while it decoded everything."""

    path: Path
    times: list[Fraction]
    end: Fraction
    tick: Fraction
    pictures: Pixels
    peak: int
    tracks: list[Track]
    keys: list[Fraction]
    packets: int
    streams: list[dict[str, Any]]
    container: dict[str, Any]
    complaints: str

    @property
    def length(self) -> Fraction | None:
        """Seconds that all frames are shown, as the container says; `None` where it does not (Matroska and
        MPEG-TS have no duration of a last frame)."""
        return video_duration(self.path.read_bytes()) if self.path.suffix in (".mp4", ".mov") else None

    def clock(self, frame: int) -> Fraction:
        """Seconds from the first frame to `frame`, or to the end when there is no such frame."""
        return (self.times[frame] if frame < len(self.times) else self.end) - self.times[0]

    def at_or_after(self, time: float) -> int:
        """The trim rule: the first frame at or after `time`, at most a tick earlier."""
        shortest = min((after - before for before, after in pairwise(self.times)), default=4 * self.tick)
        tolerance = min(self.tick, shortest / 4)
        wanted = Fraction(round(time * 10**6), 10**6) - tolerance
        return next((i for i in range(len(self.times)) if self.clock(i) >= wanted), len(self.times))


@dataclass(frozen=True)
class Part:
    """The frames [first, stop) of a source that a piece must show, by the trim rule."""

    film: Film
    first: int
    stop: int

    @property
    def start(self) -> Fraction:
        return self.film.clock(self.first)

    @property
    def end(self) -> Fraction:
        return self.film.clock(self.stop)


def watch(path: Path) -> Film:
    """Decode all of `path`."""
    described = _describe(path)
    [video] = [s for s in described["streams"] if s["codec_type"] == "video"]
    sounds = [s for s in described["streams"] if s["codec_type"] == "audio"]
    tick = Fraction(video["time_base"])
    deep = "10le" in video["pix_fmt"]
    with tempfile.TemporaryDirectory() as folder:
        raw, complaints = _decode(path, Path(folder), len(sounds))
        rows = _rows(Path(folder, "video"))
        tracks = [_track(Path(folder), i) for i in range(len(sounds))]
    shown = np.frombuffer(raw, "<u2" if deep else np.uint8).reshape(len(rows), -1)
    packets = [p for p in described["packets"] if p["stream_index"] == video["index"] and "pts" in p]
    last = max(packets, key=lambda packet: int(packet["pts"]))
    return Film(
        path=path,
        times=[time for time, _ in rows],
        end=rows[-1][0] + int(last.get("duration", rows[-1][1] / tick)) * tick,
        tick=tick,
        pictures=shown,
        peak=1023 if deep else 255,
        tracks=tracks,
        keys=sorted(int(p["pts"]) * tick for p in packets if "K" in p["flags"]),
        packets=len(packets),
        streams=described["streams"],
        container=described["format"],
        complaints=complaints,
    )


def first_picture(path: Path, time: float, like: Film) -> Pixels:
    """What is shown after a seek to `time` seconds from the file's start, as a row of `like.pictures`."""
    where = ["-ss", f"{time:.6f}", "-noautorotate", "-i", str(path)]
    shown = ["-map", "0:V:0", "-frames:v", "1", "-f", "rawvideo", "-"]
    raw = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", *where, *shown], capture_output=True, check=True
    )
    return np.frombuffer(raw.stdout, like.pictures.dtype)


def psnr(one: Pixels, other: Pixels, peak: int) -> float:
    """dB over all samples of all planes."""
    error = np.mean(np.square(one.astype(np.float32) - other.astype(np.float32)))
    return float("inf") if error == 0 else float(10 * np.log10(peak**2 / error))


def _describe(path: Path) -> dict[str, Any]:
    asked = ["-show_format", "-show_streams", "-show_packets", "-show_entries"]
    fields = "packet=stream_index,pts,duration,flags"
    command = ["ffprobe", "-v", "error", *asked, fields, "-of", "json", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def _decode(path: Path, folder: Path, sounds: int) -> tuple[bytes, str]:
    """Raw pictures, and ffmpeg's complaints; times and sounds in files."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-copyts", "-noautorotate", "-i", str(path)]
    exact = ["-map", "0:V:0", "-fps_mode", "passthrough", "-enc_time_base", "-1"]
    command += [*exact, "-f", "rawvideo", "pipe:1", *exact, "-f", "framecrc", str(folder / "video")]
    for i in range(sounds):
        command += ["-map", f"0:a:{i}", "-f", "framecrc", str(folder / f"times{i}")]
        command += ["-map", f"0:a:{i}", "-ac", "1", "-f", "f32le", str(folder / f"sound{i}")]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return done.stdout, done.stderr.decode()


def _rows(path: Path) -> list[tuple[Fraction, Fraction]]:
    """Time and duration of each frame in a framecrc file."""
    base, rows = Fraction(1), []
    for line in path.read_text().splitlines():
        if line.startswith("#tb"):
            base = Fraction(line.split()[-1])
        elif not line.startswith("#"):
            fields = line.split(",")
            rows.append((int(fields[2]) * base, int(fields[3]) * base))
    return rows


def _track(folder: Path, number: int) -> Track:
    text = folder / f"times{number}"
    [rate] = [int(x.split()[-1]) for x in text.read_text().splitlines() if x.startswith("#sample_rate")]
    rows = _rows(text)
    gaps = [abs(float(after[0] - at - length)) for (at, length), after in pairwise(rows)]
    samples = np.fromfile(folder / f"sound{number}", np.float32)
    return Track(float(rows[0][0]), rate, _placed(samples, rows, rate), max(gaps, default=0.0))


def _placed(samples: Samples, rows: list[tuple[Fraction, Fraction]], rate: int) -> Samples:
    """Samples where their times say, with silence in gaps of more than a few milliseconds."""
    pieces: list[Samples] = []
    taken = filled = 0
    for at, length in rows:
        missing = round((at - rows[0][0]) * rate) - filled
        if missing > rate // 200:
            pieces.append(np.zeros(missing, np.float32))
            filled += missing
        count = round(length * rate)
        pieces.append(samples[taken : taken + count])
        taken, filled = taken + count, filled + count
    return np.concatenate(pieces)
