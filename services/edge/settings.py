"""Settings of the edge."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from libs.chassis.links import AddressSettings
from libs.chassis.pages import PageSettings
from libs.chassis.service import ServiceSettings
from libs.chassis.settings import (
    AccessSettings,
    BusSettings,
    DatabaseSettings,
    FetchSettings,
    Fragment,
    StorageSettings,
)
from services.edge.auth.source import parse_location
from services.edge.auth.tokens import secret_key
from services.edge.contracts.motion_photo.schemas import FAMILY as MOTION_PHOTO
from services.edge.contracts.motion_photo.tokens import parse_tokens

_SECRET_BYTES = 32
"""Of a secret that cannot be guessed, at least."""


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


class JobsApiSettings(Fragment):
    """The jobs family."""

    jobs_rate: int = Field(
        120, description="Requests a minute of one user that create, cancel or upload something.", ge=1
    )
    jobs_unfinished: int = Field(
        1000,
        description="Jobs of one user, of all families, that have not ended, at most (not counted without"
        " rate limits).",
        ge=1,
    )
    jobs_refused_rate: int = Field(
        60, description="Requests a minute of one address whose credentials are not valid.", ge=1
    )


class VideocraftSettings(Fragment):
    """The videocraft family."""

    videocraft_rate: int = Field(
        100, description="Requests a minute of one user that make, cancel or delete something.", ge=1
    )
    csrf_seconds: float = Field(3600.0, description="Seconds that a CSRF token is good for.", gt=0)


class AuthSettings(Fragment):
    """JSON Web Tokens of users."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)  # it may be a secret

    jwt_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret of HS256 tokens, better not under 32 bytes. Empty: there are none.",
    )
    jwt_jwks: str | None = Field(
        None,
        description="Path or http(s) URL of the key set (JWKS) for RS256 and ES256 tokens. Not set: there are"
        " none.",
    )
    jwt_jwks_interval: float = Field(
        300.0, description="Seconds after which the key set is read again.", gt=0, le=3600
    )
    jwt_jwks_pause: float = Field(
        10.0, description="Seconds between readings at least, when a token names an unknown key.", ge=1
    )
    jwt_audience: str | None = Field(None, description="The `aud` that tokens need. Not set: any, or none.")
    jwt_issuer: str | None = Field(None, description="The `iss` that tokens need. Not set: any, or none.")

    @field_validator("jwt_secret")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            secret_key(value.get_secret_value())
        return value

    @field_validator("jwt_jwks")
    @classmethod
    def _location(cls, value: str | None) -> str | None:
        return parse_location(value) if value else None

    @field_validator("jwt_audience", "jwt_issuer")
    @classmethod
    def _not_empty(cls, value: str | None) -> str | None:
        return value or None


class EdgeSettings(
    ServiceSettings,
    BusSettings,
    StorageSettings,
    DatabaseSettings,
    AddressSettings,
    PageSettings,
    AccessSettings,
    MotionPhotoSettings,
    JobsApiSettings,
    VideocraftSettings,
    AuthSettings,
    FetchSettings,
):
    """Everything that the edge reads from its environment."""

    shutdown_grace: float = Field(
        60.0,
        description="Seconds that open requests, uploads and downloads among them, get to finish after that."
        " Executions of edit queues are waited for during half of it: the answer is 202 then.",
        ge=0,
    )
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
    signing_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret of what the edge signs for itself, the same for all replicas, 32 bytes or more."
        " Needed when motion-photo is not open; without it CSRF tokens are good at one replica alone.",
    )
    trust_traceparent: bool = Field(
        False,
        description="Whether requests that `REELBUS_TRUSTED_PROXIES` send go on with the trace in their"
        " `traceparent`, recorded or not as it says (`on`, `off`): for gateways that write it themselves."
        " `off`: every request begins a trace, with a link to the one that it names.",
    )

    @field_validator("signing_secret")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value().encode()) < _SECRET_BYTES:
            raise ValueError(f"must have {_SECRET_BYTES} bytes or more")
        return value

    @model_validator(mode="after")
    def _signing(self) -> Self:
        if MOTION_PHOTO not in self.open_families and not self.signing_secret.get_secret_value():
            raise ValueError("REELBUS_SIGNING_SECRET is needed: motion-photo is not open")
        return self
