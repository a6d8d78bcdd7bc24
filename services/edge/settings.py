"""Settings of the edge."""

from __future__ import annotations

from ipaddress import ip_network

from pydantic import Field, field_validator

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, StorageSettings
from services.edge.links import parse_public_url


class EdgeSettings(ServiceSettings, BusSettings, StorageSettings):
    """Everything that the edge reads from its environment."""

    max_upload_bytes: int = Field(10 << 30, description="Bytes of one uploaded file at most.", ge=1)
    max_uploads: int = Field(
        32, description="Uploads that one edge takes at once; each holds up to 32 MiB.", ge=1
    )
    max_form_bytes: int = Field(
        40 << 30,
        description="Bytes of a form with several files at most; a form with one file may always be as large"
        " as that file.",
        ge=1,
    )
    max_form_files: int = Field(32, description="Files in one form at most.", ge=1, le=1000)
    execute_timeout: float = Field(
        3600.0,
        description="Seconds that the execution of an edit queue is waited for; the answer is 202 then, and"
        " the work goes on.",
        gt=0,
    )
    max_executes: int = Field(
        1000, description="Requests of one edge that wait for the execution of an edit queue at most.", ge=1
    )
    public_url: str | None = Field(
        None,
        description="Under which URL clients reach this system; links in answers begin with it. Not set:"
        " taken from each request.",
    )
    trusted_proxies: list[str] = Field(
        ["127.0.0.0/8", "::1/128"],
        description="Proxies (addresses or networks) whose `X-Forwarded-*` headers are believed (JSON list).",
    )
    cors_origins: list[str] = Field(
        ["*"], description="Origins whose pages may call the open families (JSON list)."
    )

    @field_validator("public_url")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        return parse_public_url(value) if value else None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        return [str(ip_network(each, strict=False)) for each in value]
