"""The model, once for all, and what it hears in real speech."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from libs.contracts.captions import Transcript
from reelbus.models import WHISPER_BASE, assemble
from services.speech.engine import Engine, load
from services.speech.listener import Listener
from services.speech.settings import SpeechServiceSettings
from tests.media.speech.said import Reading, joined, listen, threads, written


@pytest.fixture(scope="session")
def engine() -> Engine:
    settings = SpeechServiceSettings(speech_model=WHISPER_BASE.name)
    assemble(settings.models_folder)
    return load(settings)


@pytest.fixture(scope="session")
def listener(engine: Engine) -> Iterator[Listener]:
    with ExitStack() as stack:
        yield Listener(engine, stack.enter_context(threads()))


@pytest.fixture(scope="session")
def reading() -> Reading:
    return joined()


@pytest.fixture(scope="session")
def transcript(listener: Listener, reading: Reading, tmp_path_factory: pytest.TempPathFactory) -> Transcript:
    sound = written(reading.samples, tmp_path_factory.mktemp("speech") / "said.s16")
    return asyncio.run(listen(listener, sound))
