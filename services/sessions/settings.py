"""Settings of the sessions service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.settings import DatabaseSettings, SweepSettings
from libs.chassis.worker_service import WorkerServiceSettings
from libs.media.settings import ToolSettings


class SessionsSettings(WorkerServiceSettings, DatabaseSettings, SweepSettings, ToolSettings):
    """Everything that sessions reads from its environment."""

    lanes: int = Field(
        3, description="Previews and Motion Photos that one process makes at once.", ge=1, le=64
    )
    session_expiry: float = Field(
        86_400.0, description="Seconds that a session lasts; then everything of it is removed.", gt=0
    )
    session_waiting: int = Field(
        100, description="Previews and Motion Photos that may wait, over all replicas.", ge=1
    )
    prepare_time_limit: float = Field(300.0, description="Seconds that making a preview may take.", gt=0)
    convert_time_limit: float = Field(120.0, description="Seconds that making a Motion Photo may take.", gt=0)
    thumbnail_time_limit: float = Field(
        30.0, description="Seconds that a thumbnail may take, waiting for its turn included.", gt=0
    )
    thumbnail_lanes: int = Field(2, description="Thumbnails that one process takes at once.", ge=1, le=64)
    thumbnail_waiting: int = Field(
        32, description="Thumbnails that may wait for their turn in one process.", ge=0
    )
