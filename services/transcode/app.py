"""Composition of the transcode service."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from libs.chassis.health import Health
from libs.chassis.service import run
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker_service import worker_service
from libs.contracts.tasks import RenderTask
from services.transcode.render import Renderer
from services.transcode.settings import TranscodeSettings


def compose(settings: TranscodeSettings, health: Health) -> AbstractAsyncContextManager[None]:
    return worker_service("transcode", settings, health, {RenderTask: Renderer(settings.tools(observe_tool))})


def main() -> None:
    run("transcode", TranscodeSettings(), compose)
