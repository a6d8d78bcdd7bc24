"""Recognition in a process of its own, so that its memory can be told.

`python -m bench.recognising ours FILE` is what the speech service does with a file, `bare` the same by
faster-whisper alone.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from faster_whisper import WhisperModel

from libs.media.probe import probe
from libs.media.tools import Tools
from services.speech.engine import Engine, load
from services.speech.listener import Listener
from services.speech.settings import SpeechServiceSettings
from services.speech.sound import decode


@dataclass(frozen=True)
class Run:
    """`load` is seconds until the model was warm, `seconds` those of the work, of `sound` seconds; `warm` and
    `after` are MB (10^6 bytes) that were resident before and after it, `peak` those at most."""

    load: float
    seconds: float
    sound: float
    words: int
    warm: float
    after: float
    peak: float


def run(how: str, clip: Path) -> Run:
    """One run in a new process."""
    argv = [sys.executable, "-m", "bench.recognising", how, str(clip)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return Run(**json.loads(done.stdout))


async def _ours(engine: Engine, clip: Path) -> tuple[int, float]:
    info = (await probe(clip, Tools(), size=clip.stat().st_size)).info
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as threads:
        sound = await decode(Tools(), clip, info, Path(folder) / "sound", longest=36_000, time_limit=600)
        found = await Listener(engine, threads).listen(sound, None, lambda _: None)
    return sum(len(each.words) for each in found.utterances), found.duration


def _bare(model: WhisperModel, clip: Path) -> tuple[int, float]:
    segments, info = model.transcribe(str(clip), word_timestamps=True, vad_filter=True)
    return sum(len(segment.words) for segment in segments), info.duration


def _resident() -> float:
    return float(psutil.Process().memory_info().rss / 1e6)


def _peak() -> float:
    """What Linux keeps of a process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def main(how: str, clip: Path) -> None:
    settings, begun = SpeechServiceSettings(), time.perf_counter()
    engine = model = None
    if how == "ours":
        engine = load(settings)
    else:
        folder = settings.models_folder / settings.speech_model
        model = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    loaded, warm = time.perf_counter() - begun, _resident()
    begun = time.perf_counter()
    words, sound = asyncio.run(_ours(engine, clip)) if engine else _bare(model, clip)
    seconds = time.perf_counter() - begun
    print(json.dumps(asdict(Run(loaded, seconds, sound, words, warm, _resident(), _peak()))))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
