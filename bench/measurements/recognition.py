"""Recognition of speech as the service does it against faster-whisper alone, with the same model."""

from __future__ import annotations

import subprocess
from pathlib import Path
from statistics import median

from bench.bench import Bench, ratio
from bench.recognising import run
from bench.report import Figure, Result, Target

NAME = "recognition"
SPEECH = Path("/usr/share/pocketsphinx/test/data/librivox")
"""Debian's pocketsphinx-testdata: sentences that somebody read."""
REPEATS = 6


def measure(bench: Bench) -> Result:
    clip = _reading(bench.folder / "reading.m4a", 2 if bench.quick else REPEATS)
    ours, bare = [], []
    for _ in range(bench.rounds(3)):
        ours.append(run("ours", clip))
        bare.append(run("bare", clip))
    ours_seconds, bare_seconds = [each.seconds for each in ours], [each.seconds for each in bare]
    factor = median(ours_seconds) / ours[0].sound
    figures = [
        Figure("of faster-whisper alone", ratio(ours_seconds, bare_seconds), "x", Target("<=", 1.2)),
        Figure("of the time that is spoken", factor, "x real time"),
        Figure("until the model is warm", median(each.load for each in ours), "s"),
        Figure("resident (RSS), warm", median(each.warm for each in ours), "MB"),
        Figure("resident (RSS), after work", median(each.after for each in ours), "MB"),
        Figure("resident (RSS), at most", max(each.peak for each in ours), "MB"),
        Figure("faster-whisper's, at most", max(each.peak for each in bare), "MB"),
    ]
    details = {
        "sound": ours[0].sound,
        "ours": ours_seconds,
        "bare": bare_seconds,
        "words": {"ours": ours[0].words, "bare": bare[0].words},
    }
    return Result(NAME, figures, details)


def _reading(path: Path, repeats: int) -> Path:
    """The sentences one after the other, half a second apart, over and over."""
    names = sorted(SPEECH.glob("*.wav"))
    if not names:
        raise SystemExit("The speech that is measured with is missing. Run: make setup-tests")
    inputs = [word for name in names for word in ("-i", str(name))]
    padded = "".join(f"[{i}]apad=pad_dur=0.5[p{i}];" for i in range(len(names)))
    joined = "".join(f"[p{i}]" for i in range(len(names))) + f"concat=n={len(names)}:v=0:a=1,"
    looped = f"{padded}{joined}aloop={repeats - 1}:size=2000000"
    argv = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex", looped, "-b:a", "96k", str(path)]
    subprocess.run(argv, check=True)
    return path
