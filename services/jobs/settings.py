"""Settings of the jobs service."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, DatabaseSettings, SpeechSettings


class JobsSettings(ServiceSettings, BusSettings, DatabaseSettings, SpeechSettings):
    """Everything that jobs reads from its environment."""

    dispatch_window: int = Field(
        4, description="Tasks of one service that lie ready for workers ahead of need.", ge=1
    )
    session_tasks: int = Field(
        3, description="Tasks of Motion Photo sessions that are out at once, over all replicas.", ge=1
    )
    owner_cap: int = Field(64, description="Tasks of one owner that are out at once, per service.", ge=1)
    fetch_cap: int = Field(
        2, description="Downloads of one owner at once: a slow server is not to hold up everybody.", ge=1
    )
    dispatch_interval: float = Field(
        1.0, description="Seconds between looks at waiting tasks when nothing happens.", gt=0
    )
    discard_interval: float = Field(
        5.0, description="Seconds between looks at artifacts that are to be removed.", gt=0
    )
    task_time_limit: float = Field(3600.0, description="Seconds that one attempt of a task may take.", gt=0)
