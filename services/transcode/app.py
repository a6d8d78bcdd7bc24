"""Composition of the transcode service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from libs.chassis.background import repeating
from libs.chassis.bus import Bus
from libs.chassis.health import Health
from libs.chassis.scratch import scratch_folder
from libs.chassis.service import run
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker_service import worker_service
from libs.contracts.rpc import DESCRIBE_TRANSCODE, TRY_ENCODING
from libs.contracts.tasks import RenderTask
from libs.media.cut.spare import Spares
from libs.media.trial import Trials
from services.transcode.describe import Describer
from services.transcode.render import Renderer
from services.transcode.settings import TranscodeSettings


@asynccontextmanager
async def compose(settings: TranscodeSettings, health: Health) -> AsyncIterator[None]:
    tools = settings.tools(observe_tool)
    async with AsyncExitStack() as stack:
        scratch = stack.enter_context(scratch_folder(settings.scratch_dir, "ahead"))
        trials, spares = Trials(tools, scratch), Spares(tools, scratch)
        for lane in range(settings.lanes):
            await stack.enter_async_context(repeating(f"spare cutter {lane}", spares.keep))

        def register(bus: Bus) -> None:
            bus.serve(TRY_ENCODING, trials)
            bus.serve(DESCRIBE_TRANSCODE, Describer(tools))

        renderer = Renderer(tools, spares)
        service = worker_service("transcode", settings, health, {RenderTask: renderer}, register)
        await stack.enter_async_context(service)
        yield


def main() -> None:
    run("transcode", TranscodeSettings(), compose)
