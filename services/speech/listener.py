"""Listening to a whole sound without standing in the way: piece by piece, on threads of its own.

Only a piece is in memory. A step of the engine cannot be stopped: who is cancelled goes at once, and the step
ends for nobody within seconds. There are as many threads as lanes, so that what was left behind delays the
next task by that and no more.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from libs.contracts.captions import Transcript
from services.speech.engine import Engine, Hearing, load
from services.speech.languages import prevailing
from services.speech.settings import SpeechServiceSettings
from services.speech.sound import Samples, Sound
from services.speech.windows import Span, Window, settled, windows
from services.speech.words import Heard, corrected, utterances

PIECE = 300.0
"""Seconds of sound in memory: 20 MB, and several times that while the detector of speech looks at it."""
SURE = 0.5
"""Confidence from which on a language is taken for that of the whole sound."""
T = TypeVar("T")


class Listener:
    """An engine, and the threads that it runs on."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor) -> None:
        self.engine = engine
        self._threads = threads

    async def listen(
        self, sound: Sound, language: str | None, on_progress: Callable[[float], None]
    ) -> Transcript:
        """Everything that is said in `sound`. `language` is a code of the model; `None` has it found out.
        `on_progress` gets 0…1."""
        heard: list[Heard] = []
        speech: list[Span] = []
        languages: list[tuple[str, int]] = []
        start = 0.0
        while start < sound.duration:
            piece = await self._call(partial(sound.piece, start, PIECE))
            length = min(PIECE, sound.duration - start)
            spans = await self._call(partial(self.engine.speech, piece))
            whole = start + length >= sound.duration
            spans, following = (spans, length) if whole else settled(spans, length)
            for window in windows(spans, following):
                hearing = await self._hear(piece, window, language)
                language = hearing.language if hearing.confidence >= SURE else language
                languages.append((hearing.language, len(hearing.words)))
                heard += [_later(word, start) for word in hearing.words]
                on_progress((start + window.end) / sound.duration)
            speech += [Span(span.start + start, span.end + start) for span in spans]
            start += following
            on_progress(start / sound.duration)
        return Transcript(
            language=prevailing(languages),
            duration=round(sound.duration, 3),
            utterances=utterances(corrected(heard, speech, sound.duration)),
            model=self.engine.name,
        )

    async def _hear(self, piece: Samples, window: Window, language: str | None) -> Hearing:
        waiting = True
        try:
            return await self._call(partial(self.engine.hear, piece, window, language, lambda: waiting))
        finally:
            waiting = False

    async def _call(self, call: Callable[[], T]) -> T:
        """The result of a blocking call. When it is cancelled, the call is waited for by nobody."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _later(word: Heard, seconds: float) -> Heard:
    return replace(word, start=word.start + seconds, end=word.end + seconds)


@asynccontextmanager
async def listening(settings: SpeechServiceSettings) -> AsyncIterator[Listener]:
    """A listener with the model of `settings`, warm. Raises as `engine.load`.

    Loading is in a hurry, listening leaves the machine to those who answer.
    """
    engine = await asyncio.to_thread(_loaded, settings)
    niceness = settings.ffmpeg_niceness
    threads = ThreadPoolExecutor(
        settings.lanes, "speech", lambda: _be_nice([threading.get_native_id()], niceness)
    )
    try:
        yield Listener(engine, threads)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _loaded(settings: SpeechServiceSettings) -> Engine:
    """The threads that the model started are nice from now on."""
    before = _threads()
    engine = load(settings)
    _be_nice(_threads() - before, settings.ffmpeg_niceness)
    return engine


def _threads() -> set[int]:
    """Of this process, as the kernel numbers them; Linux alone has a niceness for each."""
    tasks = Path("/proc/self/task")
    return {int(task.name) for task in tasks.iterdir()} if sys.platform == "linux" else set()


def _be_nice(threads: Iterable[int], niceness: int) -> None:
    if sys.platform == "linux":
        for thread in threads:
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, thread, niceness)
