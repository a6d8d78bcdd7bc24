"""Real speech with its words and when they were said.

The sound is that of Debian's pocketsphinx-testdata: five sentences that a LibriVox reader read, five people
who name cards, and a command. `reference.json` says when each word of the transcripts begins and ends
(seconds), found by another program: the forced alignment of pocketsphinx 5.1.1 (`set_align_text`, a fresh
decoder for each file).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from libs.contracts.captions import Transcript, Word
from services.speech.listener import Listener
from services.speech.sound import RATE, Samples, Sound

FOLDER = Path("/usr/share/pocketsphinx/test/data")
REFERENCE = Path(__file__).with_name("reference.json")
LIBRIVOX = "librivox/"
SILENCE = 1.5
"""Seconds between recordings."""
WAV_HEADER = 44
SPELLED = {"10": "ten", "4": "four", "5": "five", "7": "seven", "8": "eight", "mr": "mister"}


@dataclass(frozen=True)
class Reading:
    """Recordings one after the other, and their words."""

    samples: Samples
    words: list[Word]

    @property
    def duration(self) -> float:
        return len(self.samples) / RATE


def recording(name: str) -> Samples:
    """16-bit sound at 16 kHz, with or without a WAV header."""
    raw = (FOLDER / name).read_bytes()[WAV_HEADER if name.endswith(".wav") else 0 :]
    return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)


def joined(only: str = "") -> Reading:
    """All recordings whose names begin with `only`, with silence before, between and after."""
    silence = np.zeros(round(SILENCE * RATE), np.float32)
    parts, words, at = [silence], [], SILENCE
    for each in json.loads(REFERENCE.read_text()):
        if each["file"].startswith(only):
            found = recording(each["file"])
            words += [Word(text=text, start=at + begin, end=at + end) for text, begin, end in each["words"]]
            parts += [found, silence]
            at += len(found) / RATE + SILENCE
    return Reading(np.concatenate(parts), words)


def written(samples: Samples, path: Path) -> Sound:
    """The samples as the file that ffmpeg would make of them."""
    path.write_bytes((samples * 32767).astype("<i2").tobytes())
    return Sound(path, len(samples))


def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


async def listen(listener: Listener, sound: Sound, language: str | None = None) -> Transcript:
    return await listener.listen(sound, language, lambda _: None)


def spoken(text: str) -> str:
    """Words as they are said: without case, punctuation, digits."""
    plain = re.sub(r"[^a-z0-9]+", " ", text.lower()).split()
    return " ".join(SPELLED.get(word, word) for word in plain)


def words_of(transcript: Transcript) -> list[Word]:
    return [word for utterance in transcript.utterances for word in utterance.words]


def start_errors(heard: Sequence[Word], said: Sequence[Word]) -> list[float]:
    """Seconds by which words that were heard as they were said start late."""
    texts = [spoken(word.text) for word in heard], [spoken(word.text) for word in said]
    blocks = SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).get_matching_blocks()
    return [heard[a + i].start - said[b + i].start for a, b, size in blocks for i in range(size)]
