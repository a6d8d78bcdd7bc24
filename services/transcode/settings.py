"""Settings of the transcode service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.worker_service import WorkerServiceSettings
from libs.media.settings import ToolSettings


class TranscodeSettings(WorkerServiceSettings, ToolSettings):
    """Everything that transcode reads from its environment."""

    lanes: int = Field(
        1, description="Encodes that one process runs at once; each uses every core it finds.", ge=1, le=64
    )
