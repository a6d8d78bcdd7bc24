"""Composition of the analyze service."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from libs.chassis.health import Health
from libs.chassis.service import run
from libs.chassis.telemetry import observe_tool
from libs.chassis.worker import TaskHandler
from libs.chassis.worker_service import worker_service
from libs.contracts.tasks import EditAnalysisTask, ListenTask, MetadataTask
from services.analyze.edits import EditAnalyser
from services.analyze.handlers import MetadataExtractor
from services.analyze.listen import SoundMeter
from services.analyze.settings import AnalyzeSettings


def compose(settings: AnalyzeSettings, health: Health) -> AbstractAsyncContextManager[None]:
    tools = settings.tools(observe_tool)
    handlers: dict[type, TaskHandler] = {
        MetadataTask: MetadataExtractor(tools),
        EditAnalysisTask: EditAnalyser(tools),
        ListenTask: SoundMeter(tools),
    }
    return worker_service("analyze", settings, health, handlers)


def main() -> None:
    run("analyze", AnalyzeSettings(), compose)
