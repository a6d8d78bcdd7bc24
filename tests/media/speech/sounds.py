"""Files with sound of every kind, made by ffmpeg of 2 seconds of a tone."""

from __future__ import annotations

import subprocess
from pathlib import Path

TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2")
PICTURE = ("-f", "lavfi", "-i", "color=red:s=64x64:d=0.04")
FILM = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=2")


def make(path: Path, *args: str) -> Path:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *args, str(path)], check=True)
    return path


def cover_art(folder: Path) -> Path:
    """MP3 with a picture, which is a video stream to ffmpeg."""
    maps = ("-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic")
    return make(folder / "cover.mp3", *TONE, *PICTURE, *maps)


def headerless(folder: Path) -> Path:
    """MP3 of varying rate without the header that says how long it is: 20 s, first loud, then silent."""
    varying = (
        "-f",
        "lavfi",
        "-i",
        "anoisesrc=duration=20:sample_rate=44100:color=pink,volume='lt(t,4)':eval=frame",
    )
    return make(folder / "bare.mp3", *varying, "-q:a", "4", "-write_xing", "0", "-id3v2_version", "0")


def late(folder: Path) -> Path:
    """A film of 2 s whose sound of 2 s begins after 1.5 s."""
    return make(folder / "late.mkv", *FILM, "-itsoffset", "1.5", *TONE, "-c:v", "libx264", "-c:a", "flac")


def surround(folder: Path) -> Path:
    return make(folder / "surround.mp4", *TONE, "-af", "pan=5.1|FC=c0", "-c:a", "aac")


def telephone(folder: Path) -> Path:
    return make(folder / "telephone.wav", *TONE, "-ar", "8000", "-c:a", "pcm_mulaw")


def silent_film(folder: Path) -> Path:
    return make(folder / "silent.mp4", *FILM, "-c:v", "libx264")


def cut_short(folder: Path) -> Path:
    """An MP3 of 20 s whose last three quarters are gone."""
    whole = make(folder / "whole.mp3", "-f", "lavfi", "-i", "sine=duration=20", "-b:a", "64k")
    path = folder / "cut.mp3"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 4])
    return path
