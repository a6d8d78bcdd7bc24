"""Composition of the transcode service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.chassis.bus import Bus
from libs.chassis.health import Health
from libs.chassis.scratch import scratch_folder
from libs.chassis.service import run
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker_service import worker_service
from libs.contracts.rpc import TRY_ENCODING
from libs.contracts.tasks import RenderTask
from libs.media.trial import Trials
from services.transcode.render import Renderer
from services.transcode.settings import TranscodeSettings


@asynccontextmanager
async def compose(settings: TranscodeSettings, health: Health) -> AsyncIterator[None]:
    tools = settings.tools(observe_tool)
    with scratch_folder(settings.scratch_dir, "trials") as scratch:
        trials = Trials(tools, scratch)

        def register(bus: Bus) -> None:
            bus.serve(TRY_ENCODING, trials)

        async with worker_service("transcode", settings, health, {RenderTask: Renderer(tools)}, register):
            yield


def main() -> None:
    run("transcode", TranscodeSettings(), compose)
