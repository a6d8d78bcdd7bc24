"""How other tools reach a stack: its addresses and credentials."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from reelbus.stack import bus_users, lock, secrets, state
from reelbus.stack.errors import NotRunningError
from reelbus.stack.layout import Layout
from reelbus.stack.secrets import Secrets

if TYPE_CHECKING:
    from libs.chassis.storage import Storage

USER = "reelbus"
BUCKET = "media"


@dataclass(frozen=True, slots=True)
class StackConnection:
    """`nats_url` is the operator's, with all rights; `service_nats_urls` are those of the services."""

    nats_url: str
    service_nats_urls: Mapping[str, str]
    database_url: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    s3_bucket: str
    public_url: str
    signing_secret: str

    def environ(self, service: str | None = None) -> dict[str, str]:
        """The settings every service and tool understands; for a `service`, with its own user of NATS."""
        return {
            "REELBUS_NATS_URL": self.service_nats_urls[service] if service else self.nats_url,
            "REELBUS_DATABASE_URL": self.database_url,
            "REELBUS_S3_ENDPOINT": self.s3_endpoint,
            "REELBUS_S3_ACCESS_KEY": self.s3_access_key,
            "REELBUS_S3_SECRET_KEY": self.s3_secret_key,
            "REELBUS_S3_BUCKET": self.s3_bucket,
            "REELBUS_PUBLIC_URL": self.public_url,
            "REELBUS_SIGNING_SECRET": self.signing_secret,
        }

    def storage(self) -> "Storage":
        """A client of its own of the object store; close it."""
        from libs.chassis.settings import StorageSettings
        from libs.chassis.storage import Storage

        settings = StorageSettings(
            s3_endpoint=self.s3_endpoint,
            s3_access_key=SecretStr(self.s3_access_key),
            s3_secret_key=SecretStr(self.s3_secret_key),
            s3_bucket=self.s3_bucket,
        )
        return Storage(settings)


def describe(keys: Secrets, ports: dict[str, int], public_url: str) -> StackConnection:
    nats = bus_users.urls(keys, f"127.0.0.1:{ports['nats']}")
    return StackConnection(
        nats_url=nats.pop(bus_users.OPERATOR),
        service_nats_urls=nats,
        database_url=f"postgresql+asyncpg://{USER}:{keys.postgres_password}@127.0.0.1:{ports['postgres']}/{USER}",
        s3_endpoint=f"http://127.0.0.1:{ports['s3']}",
        s3_access_key=keys.s3_access_key,
        s3_secret_key=keys.s3_secret_key,
        s3_bucket=BUCKET,
        public_url=public_url,
        signing_secret=keys.signing_secret,
    )


def load(data_dir: Path) -> StackConnection:
    """The connection of the stack that runs in `data_dir`.

    Raises:
        NotRunningError: none does.
    """
    layout = Layout.at(data_dir)
    current = state.load(layout.state)
    if lock.holder(layout.lock) is None or not current.ports:
        raise NotRunningError(
            f"No stack runs in {layout.root}. Start one: reelbus up --detach --data {layout.root}"
        )
    return describe(secrets.load(layout.secrets), current.ports, current.public_url)
