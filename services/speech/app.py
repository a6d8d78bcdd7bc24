"""Composition of the speech service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.chassis.bus import Bus
from libs.chassis.health import Health
from libs.chassis.service import run
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker import TaskHandler
from libs.chassis.worker_service import worker_service
from libs.contracts.rpc import DESCRIBE_SPEECH, Describe, Description
from libs.contracts.tasks import CaptionTask, RecogniseTask
from services.speech.captions import CaptionWriter
from services.speech.listener import listening
from services.speech.recognise import SpeechRecogniser
from services.speech.settings import SpeechServiceSettings


@asynccontextmanager
async def compose(settings: SpeechServiceSettings, health: Health) -> AsyncIterator[None]:
    tools = settings.tools(observe_tool)
    async with listening(settings) as listener:  # until it is there, `/ready` says that the service starts

        async def describe(_: Describe) -> Description:
            return Description(tool=listener.engine.tool, ready=True)

        def register(bus: Bus) -> None:
            bus.serve(DESCRIBE_SPEECH, describe)

        handlers: dict[type, TaskHandler] = {
            RecogniseTask: SpeechRecogniser(tools, listener, settings.speech_max_seconds),
            CaptionTask: CaptionWriter(),
        }
        async with worker_service("speech", settings, health, handlers, register):
            yield


def main() -> None:
    run("speech", SpeechServiceSettings(), compose)
