"""What is recognised in real speech, and in sound that is none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import jiwer
import numpy as np
import pytest

from libs.contracts.captions import Transcript
from services.speech.engine import Engine, NobodyWaitsError
from services.speech.listener import Listener
from services.speech.sound import RATE, Samples
from services.speech.windows import Span, Window, windows
from tests.media.speech.said import Reading, listen, recording, spoken, start_errors, words_of, written

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_few_words_are_wrong(transcript: Transcript, reading: Reading) -> None:
    said = spoken(" ".join(word.text for word in reading.words))
    heard = spoken(" ".join(utterance.text for utterance in transcript.utterances))
    assert jiwer.wer(said, heard) <= 0.10
    assert (transcript.language, transcript.model) == ("en", "whisper-base")


def test_words_start_when_they_are_said(transcript: Transcript, reading: Reading) -> None:
    errors = start_errors(words_of(transcript), reading.words)
    assert len(errors) >= 0.8 * len(reading.words)
    assert median(map(abs, errors)) <= 0.12
    assert abs(median(errors)) <= 0.06  # neither early nor late
    assert sorted(map(abs, errors))[int(0.95 * len(errors))] <= 0.35


def test_times_are_in_order_and_within_the_sound(transcript: Transcript, reading: Reading) -> None:
    words = words_of(transcript)
    assert all(0 <= word.start < word.end <= reading.duration for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(0 <= word.confidence <= 1 for word in words)
    assert all(word.text == word.text.strip() != "" for word in words)
    assert transcript.duration == pytest.approx(reading.duration, abs=0.001)


def test_nothing_is_said_before_the_speech_begins(
    transcript: Transcript, engine: Engine, reading: Reading
) -> None:
    onsets = [span.start for span in engine.speech(reading.samples)]
    first = words_of(transcript)[0]
    assert onsets[0] <= first.start <= onsets[0] + 0.3


def test_a_recording_is_an_utterance_of_its_own(transcript: Transcript) -> None:
    texts = [utterance.text for utterance in transcript.utterances]
    assert "He was not an ill-disposed young man." in texts
    assert texts[0].startswith("And Mr. John Dashwood")
    assert texts[0].endswith("to do for them.")
    for utterance in transcript.utterances:
        assert utterance.start == utterance.words[0].start
        assert utterance.end == utterance.words[-1].end


def hum(count: int) -> Samples:
    """A chord that is played with vibrato."""
    t = np.arange(count) / RATE
    return sum(np.sin(2 * np.pi * f * t + 3 * np.sin(2 * np.pi * 5 * t)) for f in (220, 277, 330)) / 5  # type: ignore[no-any-return]  # the sum of arrays


def noise(count: int) -> Samples:
    return np.random.default_rng(1).normal(0, 0.1, count).clip(-1, 1).astype(np.float32)


@pytest.mark.parametrize("make", [np.zeros, noise, hum], ids=["silence", "noise", "chord"])
async def test_nothing_is_heard_where_nobody_speaks(
    listener: Listener, tmp_path: Path, make: Callable[[int], Samples]
) -> None:
    sound = written(np.asarray(make(20 * RATE)), tmp_path / "sound.s16")
    found = await listen(listener, sound)
    assert (found.language, found.utterances, found.duration) == ("und", [], 20.0)


async def test_what_is_said_across_pieces_is_heard_once(
    listener: Listener, reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces of 12 s end in mid sentence."""
    monkeypatch.setattr("services.speech.listener.PIECE", 12.0)
    seconds = 20
    found = await listen(listener, written(reading.samples[: seconds * RATE], tmp_path / "sound.s16"), "en")
    said = [word for word in reading.words if word.end < seconds - 1]
    heard = [word for word in words_of(found) if word.end < seconds - 1]
    spoken_words, heard_words = (spoken(" ".join(word.text for word in words)) for words in (said, heard))
    assert jiwer.wer(spoken_words, heard_words) <= 0.1
    assert median(map(abs, start_errors(heard, said))) <= 0.12


async def test_progress_rises_to_the_end(listener: Listener, reading: Reading, tmp_path: Path) -> None:
    told: list[float] = []
    sound = written(reading.samples[: 10 * RATE], tmp_path / "sound.s16")
    await listener.listen(sound, "en", told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert all(0 < fraction <= 1 for fraction in told)


async def test_a_window_that_repeats_itself_comes_to_an_end(engine: Engine, listener: Listener) -> None:
    """The same sentence eleven times makes a model go on forever. Who is not waited for ends sooner."""
    said = np.tile(recording("librivox/sense_and_sensibility_01_austen_64kb-0880.wav"), 11)
    (window, *_) = windows(engine.speech(said), len(said) / RATE)
    with pytest.raises(NobodyWaitsError):
        engine.hear(said, window, "en", lambda: False)
    steps = iter([True, True])
    with pytest.raises(NobodyWaitsError):
        engine.hear(said, window, "en", lambda: next(steps, False))
    assert len(engine.hear(said[: 3 * RATE], Window((Span(0.0, 2.9),)), "en").words) >= 7
