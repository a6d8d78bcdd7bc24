"""The speech service: what it stores, what it refuses, and that a cancel frees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import generate_latest

from libs.chassis.health import Health
from libs.chassis.storage import Storage
from libs.chassis.telemetry import registry
from libs.contracts.captions import Transcript
from libs.contracts.rpc import DESCRIBE_SPEECH, Describe
from libs.contracts.tasks import CANCEL_TASKS, CancelTasks
from reelbus.models import assemble
from reelbus.stack.setup import ensure_bucket
from services.speech.app import compose
from services.speech.settings import SpeechServiceSettings
from tests.chassis.booth import Booth
from tests.chassis.buses import until
from tests.chassis.servers import KEY, SECRET, Juicefs, Nats
from tests.media.speech import sounds
from tests.media.speech.said import FOLDER, LIBRIVOX, joined, written

pytestmark = pytest.mark.anyio
SENTENCE = FOLDER / LIBRIVOX / "sense_and_sensibility_01_austen_64kb-0880.wav"


@pytest.fixture
async def booth(nats: Nats, juicefs: Juicefs, tmp_path: Path) -> AsyncIterator[Booth]:
    stored = juicefs.settings("media")
    ensure_bucket(stored.s3_endpoint, KEY, SECRET, "media")
    storage = Storage(stored)
    settings = SpeechServiceSettings(
        **nats.settings().model_dump(),
        **stored.model_dump(),
        scratch_dir=tmp_path / "scratch",
        speech_max_seconds=1000,
    )
    assemble(settings.models_folder)
    health = Health()
    async with Booth(nats, storage, tmp_path / "scratch") as booth, compose(settings, health):
        health.started()
        assert await health.report() == (True, {"bus": "ok", "storage": "ok"})
        yield booth
    storage.close()


def repeated(path: Path, times: int) -> Path:
    """A reading of half a minute over and over."""
    raw = written(joined(LIBRIVOX).samples, path.with_suffix(".s16")).path
    form = ("-f", "s16le", "-ar", "16000", "-ac", "1")
    return sounds.make(path, "-stream_loop", str(times - 1), *form, "-i", str(raw))


async def test_a_transcript_is_stored(booth: Booth) -> None:
    said = await booth.bus.call(DESCRIBE_SPEECH, Describe())
    assert said.ready
    assert said.tool == "faster-whisper 1.2.1, whisper-base"
    await booth.begin(await booth.task(SENTENCE))
    await booth.completed.filled(1)
    message: Any = booth.completed.got[0][0]
    result = message.result
    body = await booth.storage.get_bytes(result.artifact.key, max_size=1 << 20)
    found = msgspec.json.decode(body, type=Transcript)
    assert [each.text for each in found.utterances] == ["He was not an ill-disposed young man."]
    assert (found.language, found.model, found.duration) == ("en", "whisper-base", 2.99)
    assert (result.language, result.words) == ("en", 7)
    assert result.artifact.content_type == "application/json"
    await booth.idle()
    assert booth.files() == []
    assert b'reelbus_speech_seconds_total{language="en"}' in generate_latest(registry())


async def test_what_cannot_be_recognised_is_said_in_words(booth: Booth, tmp_path: Path) -> None:
    tasks = [
        await booth.task(SENTENCE, language="tlh"),
        await booth.task(SENTENCE, model="whisper-huge"),
        await booth.task(sounds.make(tmp_path / "long.wav", "-f", "lavfi", "-i", "anullsrc=r=8000:d=1002")),
    ]
    for task in tasks:
        await booth.begin(task)
    await booth.failed.filled(3)
    said: Any = [message for message, _ in booth.failed.got]
    codes = {message.message: (message.code, message.attempts) for message in said}
    for words, code in [
        ("'tlh'", "invalid_input"),
        ("'whisper-huge'", "invalid_input"),
        ("longer than 1000 seconds", "media_error"),
    ]:
        assert [found for text, found in codes.items() if words in text] == [(code, 1)], words
    await booth.idle()


async def test_nothing_is_said_where_there_is_no_sound(booth: Booth, tmp_path: Path) -> None:
    await booth.begin(await booth.task(sounds.silent_film(tmp_path)))
    await booth.completed.filled(1)
    message: Any = booth.completed.got[0][0]
    assert (message.result.language, message.result.words) == ("und", 0)
    await booth.idle()


async def test_a_cancel_frees_the_lane(booth: Booth, tmp_path: Path) -> None:
    long = await booth.begin(await booth.task(repeated(tmp_path / "long.wav", 20)))
    following = await booth.task(SENTENCE, language="en")
    await until(lambda: booth.progress, within=100)  # it is in the middle of it
    assert 0 < booth.progress[-1][1] < 0.8
    await booth.bus.signal(CANCEL_TASKS, CancelTasks(task_ids=[long]))
    await booth.idle()
    assert (booth.completed.got, booth.failed.got, booth.files()) == ([], [], [])
    told = len(booth.progress)
    await booth.begin(following)
    await until(lambda: booth.completed.got, within=60)
    message: Any = booth.completed.got[0][0]
    assert message.task_id != long
    assert len(booth.progress) <= told + 1  # by what followed
