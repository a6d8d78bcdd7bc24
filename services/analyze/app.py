"""Composition of the analyze service."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from libs.chassis.health import Health
from libs.chassis.service import run
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker_service import worker_service
from libs.contracts.tasks import MetadataTask
from services.analyze.handlers import MetadataExtractor
from services.analyze.settings import AnalyzeSettings


def compose(settings: AnalyzeSettings, health: Health) -> AbstractAsyncContextManager[None]:
    return worker_service(
        "analyze", settings, health, {MetadataTask: MetadataExtractor(settings.tools(observe_tool))}
    )


def main() -> None:
    run("analyze", AnalyzeSettings(), compose)
