"""Settings of the analyze service."""

from __future__ import annotations

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, StorageSettings, WorkerSettings
from libs.media.settings import ToolSettings


class AnalyzeSettings(ServiceSettings, BusSettings, StorageSettings, WorkerSettings, ToolSettings):
    """Everything that analyze reads from its environment."""
