"""faster-whisper: the model of speech and the detector of speech, both kept warm. Calls block, and none is
for more than a window or a piece of sound. Media are never opened here: it gets numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import faster_whisper
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import VadOptions, get_speech_timestamps

from libs.contracts.errors import UnavailableError
from libs.media.cores import quota
from services.speech.settings import SpeechServiceSettings
from services.speech.sound import RATE, Samples
from services.speech.windows import Span, Window
from services.speech.words import Heard

SPEECH = VadOptions(
    min_silence_duration_ms=250, min_speech_duration_ms=150, speech_pad_ms=0, max_speech_duration_s=28.0
)
"""Close to the sound: what is around speech is added by `windows`, and words begin where this says."""
TEMPERATURES, CANDIDATES = (0.0, 0.4, 0.8), 2
"""Tries at a window that comes out as nonsense, and candidates of each but the first."""
MOST_TOKENS = 224
"""Of a window, as in Whisper's own code: a model that repeats itself must come to an end."""
SEED = 7
"""Tries above 0 draw lots: always the same."""
_THREADS = 4
"""Of CTranslate2 at most, unless a setting says more; as many as it takes by itself."""


@dataclass(frozen=True)
class Hearing:
    """Words of a window at times of the sound that it is taken from. `confidence` (0…1) is that of
    `language`, a code of the model."""

    language: str
    confidence: float
    words: list[Heard]


class NobodyWaitsError(Exception):
    """The caller is gone."""


class _Stoppable:
    """A model of CTranslate2 that asks before each step (half a second to a few) whether it is still wanted.
    A step itself cannot be stopped."""

    def __init__(self, model: Any) -> None:
        self.asked = threading.local()
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, *args: Any, **options: Any) -> Any:
        self._check()
        return self._model.encode(*args, **options)

    def generate(self, *args: Any, **options: Any) -> Any:
        self._check()
        return self._model.generate(*args, **options)

    def _check(self) -> None:
        if not getattr(self.asked, "wanted", _always)():
            raise NobodyWaitsError


def _always() -> bool:
    return True


class Engine:
    """A loaded model. `name` is what it is called in settings and transcripts."""

    def __init__(self, name: str, model: WhisperModel) -> None:
        self.name = name
        self.languages = _languages(model)
        self._model = model
        self._steps = model.model = _Stoppable(model.model)

    @property
    def tool(self) -> str:
        return f"faster-whisper {faster_whisper.__version__}, {self.name}"

    def speech(self, samples: Samples) -> list[Span]:
        """When somebody speaks in `samples`, in order; none is longer than a window."""
        found = get_speech_timestamps(samples, SPEECH)
        return [Span(each["start"] / RATE, each["end"] / RATE) for each in found]

    def hear(
        self, samples: Samples, window: Window, language: str | None, wanted: Callable[[], bool] = _always
    ) -> Hearing:
        """What is said in `window` of `samples`, in `language` or, if that is `None`, the likeliest one.

        Raises `NobodyWaitsError` between two steps when it is not `wanted` any more.
        """
        self._steps.asked.wanted = wanted
        parts = [samples[round(clip.start * RATE) : round(clip.end * RATE)] for clip in window.clips]
        segments, info = self._model.transcribe(
            np.concatenate(parts),
            language=language,
            word_timestamps=True,
            condition_on_previous_text=False,
            temperature=TEMPERATURES,
            best_of=CANDIDATES,
            max_new_tokens=MOST_TOKENS,
        )
        words = []
        for segment in segments:
            for number, word in enumerate(segment.words or []):
                at = window.locate(float(word.start), float(word.end))
                words.append(Heard(word.word, at.start, at.end, float(word.probability), begins=number == 0))
        return Hearing(info.language, float(info.language_probability), words)

    def warm(self) -> None:
        """Load what is loaded on first use, by a second of ticks: a whole window would delay the start."""
        ticks = (np.arange(RATE) % 160 == 0).astype(np.float32)
        self.speech(ticks)
        self._model.encode(self._model.feature_extractor(ticks)[..., :100])


def _languages(model: WhisperModel) -> frozenset[str]:
    """Those that there are tokens for: the library's list is that of the newest models, and others write
    nonsense for what they have no token for."""
    listed = frozenset[str](model.supported_languages)
    known = {each for each in listed if model.hf_tokenizer.token_to_id(f"<|{each}|>") is not None}
    return listed & known or listed


def load(settings: SpeechServiceSettings) -> Engine:
    """The model of `settings`, warm. Blocks for about a second.

    Raises `UnavailableError` when it is not there and may not be downloaded, or cannot be loaded.
    """
    name, folder = settings.speech_model, settings.models_folder / settings.speech_model
    try:
        ctranslate2.set_random_seed(SEED)
        model = WhisperModel(
            str(folder) if has_model(folder) else name,
            device=settings.speech_device,
            compute_type=settings.speech_compute,
            cpu_threads=settings.speech_threads or min(quota(), _THREADS),
            num_workers=settings.lanes,
            download_root=str(settings.models_folder),
            local_files_only=not settings.speech_download,
        )
        engine = Engine(name, model)
        engine.warm()
    except (OSError, RuntimeError, ValueError) as error:  # also what the hub's client raises
        raise UnavailableError(
            f"The speech model {name!r} is not in {settings.models_folder}, or cannot be loaded ({error})."
            " `python -m reelbus.models` makes whisper-base; REELBUS_SPEECH_DOWNLOAD=true downloads others."
        ) from error
    return engine


def has_model(folder: Path) -> bool:
    """Whether a model in the format of CTranslate2 is in `folder`, with the tokenizer that faster-whisper
    would otherwise download."""
    return all((folder / name).is_file() for name in ("model.bin", "tokenizer.json"))
