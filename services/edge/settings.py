"""Settings of the edge."""

from __future__ import annotations

from ipaddress import ip_network

from pydantic import Field, SecretStr, field_validator

from libs.chassis.service import ServiceSettings
from libs.chassis.settings import BusSettings, DatabaseSettings, Fragment, StorageSettings
from services.edge.contracts.motion_photo.tokens import parse_tokens
from services.edge.links import parse_public_url


class MotionPhotoSettings(Fragment):
    """The Motion Photo family."""

    motion_tokens: SecretStr = Field(
        SecretStr(""),
        description="Bearer tokens of which callers need one (commas between them, or a JSON list). Empty:"
        " everybody may call.",
    )
    motion_origins: list[str] = Field(
        ["http://localhost:5173"],
        description="Origins whose pages may call the Motion Photo family, with credentials (JSON list).",
    )
    motion_max_bytes: int = Field(500_000_000, description="Bytes of one file for `/prepare` at most.", ge=1)
    motion_ip_rate: int = Field(10, description="Requests a minute of one address without a token.", ge=1)
    motion_token_rate: int = Field(100, description="Requests a minute with one token.", ge=1)
    prepare_time_limit: float = Field(
        300.0, description="Seconds that `/prepare` takes at most, the upload included.", gt=0
    )
    convert_time_limit: float = Field(120.0, description="Seconds that `/convert` takes at most.", gt=0)

    @field_validator("motion_tokens")
    @classmethod
    def _tokens(cls, value: SecretStr) -> SecretStr:
        parse_tokens(value.get_secret_value())
        return value


class EdgeSettings(ServiceSettings, BusSettings, StorageSettings, DatabaseSettings, MotionPhotoSettings):
    """Everything that the edge reads from its environment."""

    rate_limits: bool = Field(True, description="Whether the rate limits of all families hold (`on`, `off`).")

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
        1000,
        description="Requests of one edge that wait for the execution of an edit queue, or for a session's"
        " work, at most.",
        ge=1,
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
