"""Settings fragments. A service composes the ones that it needs; each is the variable `REELBUS_<FIELD>`, or a
file of that name in lower case in one of the folders that `REELBUS_SECRETS_DIR` names."""

from __future__ import annotations

import os
import re
import tempfile
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import msgspec
from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from libs.contracts.access import OPEN_FAMILIES


def parse_list(text: str) -> list[str]:
    """The texts in a comma-separated or JSON list; none in an empty text. Raises `ValueError`."""
    text = text.strip()
    if not text:
        return []
    try:
        found = msgspec.json.decode(text, type=list[str]) if text.startswith("[") else text.split(",")
    except msgspec.DecodeError as error:
        raise ValueError("must be texts with commas between them, or a JSON list") from error
    return [each.strip() for each in found]


def _listed(value: object) -> object:
    return parse_list(value) if isinstance(value, str) else value


Texts = Annotated[list[str], NoDecode, BeforeValidator(_listed)]
"""A setting that is written as `parse_list` takes it."""


def _counted(value: object) -> object:
    """A quantity of Kubernetes (`50Gi`) in bytes; what is none goes on as it is."""
    if isinstance(value, str) and (found := _QUANTITY.fullmatch(value.strip())):
        return int(found[1]) * _UNITS[found[2]]
    return value


_UNITS = {
    **{unit: 1000**power for power, unit in enumerate("kMGT", 1)},
    **{f"{unit}i": 1024**power for power, unit in enumerate("KMGT", 1)},
}
_QUANTITY = re.compile(f"([0-9]+)({'|'.join(_UNITS)})")
Bytes = Annotated[int, BeforeValidator(_counted)]
"""A setting that counts bytes."""


class Fragment(BaseSettings):
    """Base of all fragments."""

    model_config = SettingsConfigDict(env_prefix="REELBUS_", extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables outrank files; of several folders with the same file the last one counts."""
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, secrets_dir=_secret_folders())


def _secret_folders() -> list[str | Path]:
    """Those that are there: an image names the one where secrets lie, if they are files."""
    named = os.environ.get("REELBUS_SECRETS_DIR", "").split(os.pathsep)
    return [each for each in named if each and Path(each).is_dir()]


class HttpSettings(Fragment):
    """Where a service answers `/live`, `/ready`, `/metrics` and, if it has one, its API."""

    http_host: str = Field("127.0.0.1", description="Address to listen on.")
    http_port: int = Field(8080, description="Port to listen on.", ge=0, le=65535)
    shutdown_delay: float = Field(
        4.0,
        description="Seconds after SIGTERM in which a service with an API goes on taking requests, while"
        " gateways learn that it will be gone. More than they keep idle connections to it (ours: 3).",
        ge=0,
    )
    shutdown_grace: float = Field(
        5.0, description="Seconds that open requests get to finish after that.", ge=0
    )


class BusSettings(Fragment):
    """NATS."""

    nats_url: SecretStr = Field(
        SecretStr("nats://127.0.0.1:4222"), description="NATS server, with credentials."
    )
    ack_wait: float = Field(
        30.0,
        description="Seconds without a heartbeat after which a delivery counts as lost and is made again.",
        ge=1,
    )
    max_attempts: int = Field(
        5, description="Deliveries of a message that fails for an unknown reason.", ge=1
    )
    max_deliver: int = Field(
        20, description="Deliveries at most, crashes and outages included (kept by the server).", ge=2
    )
    backoff_base: float = Field(1.0, description="Seconds before the first retry; doubles each time.", gt=0)
    backoff_cap: float = Field(30.0, description="Seconds between retries at most.", gt=0)
    stream_replicas: int = Field(
        1,
        description="Servers of a NATS cluster that keep each stream: 3 for three of them. The same for all"
        " services, which make and change the streams.",
        ge=1,
        le=5,
    )


class StorageSettings(Fragment):
    """S3."""

    s3_endpoint: str = Field("http://127.0.0.1:9000", description="URL of the S3 server.")
    s3_access_key: SecretStr = Field(SecretStr(""), description="Access key.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key.")
    s3_bucket: str = Field("media", description="The bucket that holds all media.")
    s3_region: str = Field("us-east-1", description="Region that requests are signed for.")
    s3_presign_ttl: int = Field(
        21_600, description="Seconds that a URL handed to ffmpeg stays valid.", ge=60, le=604_800
    )


class DatabaseSettings(Fragment):
    """PostgreSQL."""

    database_url: SecretStr = Field(
        SecretStr("postgresql+asyncpg://reelbus@127.0.0.1:5432/reelbus"),
        description="SQLAlchemy URL, asyncpg driver.",
    )
    database_pool: int = Field(8, description="Connections that a process keeps at most.", ge=1)


class AccessSettings(Fragment):
    """Who may come in without credentials."""

    open_families: Texts = Field(
        [*OPEN_FAMILIES],
        description="Contract families that everybody may call (commas between them, or a JSON list); the"
        " rest of enhancement, motion-photo and video-editor needs an API key or a JWT, as jobs does.",
    )

    @field_validator("open_families")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        if unknown := set(value) - set(OPEN_FAMILIES):
            raise ValueError(f"{', '.join(sorted(unknown))}: there are {', '.join(OPEN_FAMILIES)}")
        return value


class FetchSettings(Fragment):
    """Where URLs of strangers may lead. The same for edge, which looks at them first, and ingest."""

    fetch_networks: Texts = Field(
        [],
        description="Networks (`10.1.0.0/16`; commas between them, or a JSON list) that URLs may lead to"
        " besides the public internet: whoever may send requests may read what is there.",
    )
    fetch_ports: Texts = Field(
        ["80", "443"], description="Ports that URLs may ask for (commas between them, or a JSON list)."
    )

    @field_validator("fetch_networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for each in value:
            ip_network(each)
        return value

    @field_validator("fetch_ports")
    @classmethod
    def _are_ports(cls, value: list[str]) -> list[str]:
        if not all(each.isdecimal() and 0 < int(each) < 1 << 16 for each in value):
            raise ValueError("ports are numbers from 1 to 65535")
        return value


class SweepSettings(Fragment):
    """How often a service removes what nobody needs any more."""

    sweep_interval: float = Field(30.0, description="Seconds between sweeps.", gt=0)


class TelemetrySettings(Fragment):
    """Logs and traces."""

    log_level: str = Field("INFO", description="Lowest level that is logged.")
    otlp_endpoint: str | None = Field(
        None, description="Base URL of an OTLP/HTTP collector; traces are recorded when it is set."
    )
    trace_ratio: float = Field(1.0, description="Share of new traces that are recorded, 0…1.", ge=0, le=1)
    service_instance: str | None = Field(None, description="Name of this replica in logs and traces.")


class WorkerSettings(Fragment):
    """How much work a worker process takes at once, and where it works."""

    lanes: int = Field(2, description="Tasks that one process works on at once.", ge=1, le=64)
    scratch_dir: Path = Field(
        Path(tempfile.gettempdir()) / "reelbus", description="Folder for the files of running tasks."
    )
    scratch_limit: Bytes = Field(
        0,
        description="Bytes that may lie there, or as `50Gi`; 0 is its disk. For metrics alone: the "
        "`sizeLimit` of an emptyDir, over which Kubernetes evicts the pod.",
        ge=0,
    )


class SpeechSettings(Fragment):
    """The model that recognises speech. Who plans such work names it, who does it has it: a part of what a
    transcript depends on."""

    speech_model: str = Field(
        "whisper-base",
        description="Model that recognises speech: a folder of that name among the models, or a name of the"
        " Hugging Face hub. The same for all services.",
        min_length=1,
    )
