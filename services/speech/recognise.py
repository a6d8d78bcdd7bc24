"""Tasks of speech: `RecogniseTask` in, a JSON `Transcript` artifact out."""

from __future__ import annotations

import time

import msgspec

from libs.chassis.telemetry import TRACER
from libs.chassis.worker import TaskContext
from libs.contracts.captions import Transcript
from libs.contracts.errors import InvalidInputError
from libs.contracts.languages import UNDETERMINED
from libs.contracts.tasks import RecogniseResult, RecogniseTask
from libs.media.notes import audible
from libs.media.tools import Tools
from services.speech.languages import for_model
from services.speech.listener import Listener
from services.speech.metrics import observe
from services.speech.sound import decode


class SpeechRecogniser:
    """Handles `RecogniseTask`s. `longest` is seconds of sound."""

    def __init__(self, tools: Tools, listener: Listener, longest: float) -> None:
        self._tools = tools
        self._listener = listener
        self._longest = longest

    async def __call__(self, task: RecogniseTask, context: TaskContext) -> RecogniseResult:
        """Nothing is said in a medium without sound. Raises `InvalidInputError` for another model than the
        own one and for a language that it does not know, `MediaError` for a medium with too much sound."""
        engine = self._listener.engine
        if task.model != engine.name:
            raise InvalidInputError(
                f"This was planned for the speech model {task.model!r}, but {engine.name!r} is what there is."
            )
        language = for_model(task.language, engine.languages)
        transcript = Transcript(language=UNDETERMINED, duration=0.0, model=engine.name)
        if audible(task.info):
            transcript = await self._heard(task, context, language)
        path = context.scratch / "transcript.json"
        path.write_bytes(msgspec.json.encode(transcript))
        artifact = await context.artifact(path, path.name, "application/json")
        words = sum(len(utterance.words) for utterance in transcript.utterances)
        return RecogniseResult(artifact=artifact, language=transcript.language, words=words)

    async def _heard(self, task: RecogniseTask, context: TaskContext, language: str | None) -> Transcript:
        staged = await context.stage(task.source)
        begun = time.monotonic()
        sound = await decode(
            self._tools,
            staged,
            task.info,
            context.scratch / "sound.s16",
            longest=self._longest,
            time_limit=context.task.time_limit,
        )
        with TRACER.start_as_current_span("recognise speech", attributes={"seconds": sound.duration}):
            transcript = await self._listener.listen(sound, language, context.progress)
        observe(transcript.language, sound.duration, time.monotonic() - begun)
        return transcript
