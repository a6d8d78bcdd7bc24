"""A composed and captioned video against ffmpeg and faster-whisper alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from faster_whisper import WhisperModel

from bench.bench import Bench, ratio
from bench.measurements.recognition import SPEECH
from bench.movies import Director
from bench.report import Figure, Result, Target

NAME = "movie"
SCENE = 30
"""Seconds of each of the two scenes."""
SIZE = "1920x1080"
CAPTIONS = {"style": "progressive", "font-size": 64}
MODEL = Path(sys.prefix) / "models" / "whisper-base"
SETTLED = 3.0
"""Seconds in which what an upload starts has failed: none of these files is a video."""


def measure(bench: Bench) -> Result:
    director, model = Director(bench.stack), _model()
    background, logo, music = _props(bench.folder)
    known = [director.upload(path) for path in (background, logo, music)]
    ours, again, bare, heard = [], [], [], []
    steps: list[dict[str, float]] = []
    for number in range(bench.rounds(3)):
        bench.say(f"round {number + 1}")
        voices = [_voice(bench.folder, scene) for scene in range(2)]
        names = [director.upload(path) for path in voices]
        time.sleep(SETTLED)
        seconds, job_id = director.make(_movie(known, names, CAPTIONS))
        ours.append(seconds)
        steps.append(director.steps(job_id))
        seconds, job_id = director.make(_movie(known, names, {**CAPTIONS, "word-color": "#00FF80"}))
        again.append(seconds)
        heard.append(director.steps(job_id)["transcription"])
        bare.append(_bare(bench, model, voices, (background, logo, music)))
    figures = [
        Figure("movie / ffmpeg and faster-whisper alone", ratio(ours, bare), "x", Target("<=", 1.1)),
        Figure("the same, the quickest of each", min(ours) / min(bare), "x"),
        Figure("movie of 60 s", median(ours), "s"),
        Figure("ffmpeg and faster-whisper alone", median(bare), "s"),
        Figure("the same movie in other colours", median(again), "s"),
        Figure("of that, recognising speech", max(heard), "s", Target("<=", 0.0)),
    ]
    return Result(NAME, figures, {"movie": ours, "again": again, "bare": bare, "steps": steps})


def _movie(known: list[str], voices: list[str], captions: dict[str, Any]) -> dict[str, Any]:
    background, logo, music = known
    scenes = [
        {
            "elements": [
                {"type": "image", "src": background, "x": 0, "y": 0},
                {"type": "image", "src": logo, "x": 60, "y": 60},
                {"type": "audio", "src": voice},
            ]
        }
        for voice in voices
    ]
    elements = [
        {"type": "subtitles", "language": "en", "settings": captions},
        {"type": "audio", "src": music, "volume": 0.1},
    ]
    return {"scenes": scenes, "elements": elements, "resolution": SIZE, "quality": "medium"}


def _model() -> WhisperModel:
    """Warm, as the one of the service is."""
    model = WhisperModel(str(MODEL), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)
    for each in sorted(SPEECH.glob("*.wav"))[:1]:
        list(model.transcribe(str(each), word_timestamps=True, vad_filter=True)[0])
    return model


def _bare(bench: Bench, model: WhisperModel, voices: list[Path], props: tuple[Path, ...]) -> float:
    """Seconds of recognising both scenes, and of one command that draws the captions that ours has made."""
    captions = _captions(bench)
    background, logo, music = props
    target = bench.folder / "bare-movie.mp4"
    inputs = [word for path in (background, logo, *voices, music) for word in ("-i", str(path))]
    graph = (
        f"color=black:s={SIZE}:r=30:d={2 * SCENE}[c];[c][0]overlay[b];[b][1]overlay=60:60[l];"
        f"[l]ass={captions}[v];[2][3]concat=n=2:v=0:a=1[s];[4]volume=0.1[m];"
        f"[s][m]amix=normalize=0:duration=first[a]"
    )
    encoded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "22", "-profile:v", "high"]
    encoded += ["-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-ac", "2"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *inputs, "-filter_complex", graph]
    command += ["-map", "[v]", "-map", "[a]", *encoded, "-movflags", "+faststart", str(target)]
    begun = time.perf_counter()
    for voice in voices:
        list(model.transcribe(str(voice), language="en", word_timestamps=True, vad_filter=True)[0])
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def _captions(bench: Bench) -> Path:
    """The newest ones that the stack has written."""
    path, storage = bench.folder / "captions.ass", bench.stack.connection.storage()

    async def newest() -> None:
        keys = [key for key in await storage.keys("results/") if key.endswith("captions.ass")]
        await storage.get_file(keys[-1], path)

    try:
        asyncio.run(newest())
    finally:
        storage.close()
    return path


def _voice(folder: Path, scene: int) -> Path:
    """Half a minute of somebody who reads, of bytes that nobody has seen before."""
    names = sorted(SPEECH.glob("*.wav"))
    if not names:
        raise SystemExit("The speech that is measured with is missing. Run: make setup-tests")
    names = names[scene:] + names[:scene]
    inputs = [word for name in names for word in ("-i", str(name))]
    joined = "".join(f"[{i}]" for i in range(len(names))) + f"concat=n={len(names)}:v=0:a=1"
    looped = f"{joined},aloop=5:size=2000000,atrim=end={SCENE},aresample=44100"
    path = folder / f"voice-{uuid4().hex[:8]}.wav"
    _ffmpeg(*inputs, "-filter_complex", looped, "-metadata", f"title={uuid4().hex}", str(path))
    return path


def _props(folder: Path) -> tuple[Path, Path, Path]:
    background, logo, music = folder / "background.png", folder / "logo.png", folder / "music.wav"
    _ffmpeg(
        "-f", "lavfi", "-i", f"gradients=s={SIZE}:c0=0x203060:c1=0x905030", "-frames:v", "1", str(background)
    )
    _ffmpeg("-f", "lavfi", "-i", "color=red@0.6:s=240x120,format=rgba", "-frames:v", "1", str(logo))
    chord = "aevalsrc=0.2*sin(440*PI*t)+0.2*sin(554*PI*t)|0.2*sin(660*PI*t):s=44100"
    _ffmpeg("-f", "lavfi", "-i", chord, "-t", str(2 * SCENE), str(music))
    return background, logo, music


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, capture_output=True)
