"""Settings of the transcode service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, StorageSettings, WorkerSettings
from libs.media.settings import ToolSettings


class TranscodeSettings(ServiceSettings, BusSettings, StorageSettings, WorkerSettings, ToolSettings):
    """Everything that transcode reads from its environment."""

    lanes: int = Field(
        1, description="Encodes that one process runs at once; each uses every core it finds.", ge=1, le=64
    )
