"""Settings of the analyze service."""

from __future__ import annotations

from libs.chassis.worker_service import WorkerServiceSettings
from libs.media.settings import ToolSettings


class AnalyzeSettings(WorkerServiceSettings, ToolSettings):
    """Everything that analyze reads from its environment."""
