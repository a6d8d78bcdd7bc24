"""Settings of the ingest service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, DatabaseSettings, StorageSettings, SweepSettings
from libs.media.settings import ToolSettings


class IngestSettings(
    ServiceSettings, BusSettings, DatabaseSettings, StorageSettings, SweepSettings, ToolSettings
):
    """Everything that ingest reads from its environment."""

    upload_expiry: float = Field(
        86_400.0, description="Seconds after which an upload that was never completed is swept away.", gt=0
    )
