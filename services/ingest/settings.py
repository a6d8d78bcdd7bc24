"""Settings of the ingest service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, DatabaseSettings, StorageSettings
from libs.media.settings import ToolSettings


class IngestSettings(ServiceSettings, BusSettings, DatabaseSettings, StorageSettings, ToolSettings):
    """Everything that ingest reads from its environment."""

    upload_expiry: float = Field(
        86_400.0, description="Seconds after which an upload that was never completed is swept away.", gt=0
    )
    sweep_interval: float = Field(30.0, description="Seconds between sweeps of abandoned uploads.", gt=0)
