"""Settings of the ingest service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import (
    BusSettings,
    DatabaseSettings,
    FetchSettings,
    StorageSettings,
    SweepSettings,
    WorkerSettings,
)
from libs.media.settings import ToolSettings


class IngestSettings(
    ServiceSettings,
    BusSettings,
    DatabaseSettings,
    StorageSettings,
    SweepSettings,
    WorkerSettings,
    ToolSettings,
    FetchSettings,
):
    """Everything that ingest reads from its environment."""

    upload_expiry: float = Field(
        86_400.0, description="Seconds after which an upload that was never completed is swept away.", gt=0
    )
    lanes: int = Field(8, description="Downloads from URLs that one process makes at once.", ge=1, le=64)
    fetch_max_bytes: int = Field(10 << 30, description="Bytes of a file behind a URL at most.", ge=1)
    fetch_time_limit: float = Field(900.0, description="Seconds that a download may take.", gt=0)
