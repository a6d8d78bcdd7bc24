"""Credentials of one stack: made once, kept in the data directory."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path


def token() -> str:
    """Hexadecimal, so that it needs no quoting in URLs, config files and shells."""
    return secrets.token_hex(20)


@dataclass(frozen=True, slots=True)
class Secrets:
    nats_password: str = field(default_factory=token)
    nats_services_key: str = field(default_factory=token)
    postgres_password: str = field(default_factory=token)
    s3_secret_key: str = field(default_factory=token)
    signing_secret: str = field(default_factory=token)
    grafana_password: str = field(default_factory=token)
    postgres_admin_password: str = field(default_factory=token)
    s3_access_key: str = "reelbus"


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically with one that only this user can read."""
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    staging.unlink(missing_ok=True)
    with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    staging.replace(path)


def load(path: Path) -> Secrets:
    """Raises FileNotFoundError when no stack was ever started here."""
    return Secrets(**json.loads(path.read_text()))


def load_or_create(path: Path) -> Secrets:
    """What an earlier version did not know is made and kept too."""
    known = json.loads(path.read_text()) if path.exists() else {}
    found = Secrets(**known)
    if asdict(found) != known:
        write_private(path, json.dumps(asdict(found)))
    return found
