"""Settings of the edge."""

from __future__ import annotations

from pydantic import Field

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, StorageSettings


class EdgeSettings(ServiceSettings, BusSettings, StorageSettings):
    """Everything that the edge reads from its environment."""

    max_upload_bytes: int = Field(10 << 30, description="Bytes of one uploaded file at most.", ge=1)
    max_uploads: int = Field(
        32, description="Uploads that one edge takes at once; each holds up to 32 MiB.", ge=1
    )
    cors_origins: list[str] = Field(
        ["*"], description="Origins whose pages may call the open families (JSON list)."
    )
