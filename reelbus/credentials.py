"""Credentials as files, for `docker-compose.yml`: a folder for each group of containers that needs them.

Services read theirs as secret files (`REELBUS_SECRETS_DIR`), servers in the form that each knows. What is
made is kept in `secrets.json`, which no container but the one that runs this sees.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from reelbus.stack.connection import USER
from reelbus.stack.errors import StackError
from reelbus.stack.secrets import Secrets, load_or_create

READABLE = 0o444
"""By everybody in a container that has the folder: servers run as users of their own."""


def files(keys: Secrets) -> Mapping[str, str]:
    """Content by path. The hosts are the names of the servers in `docker-compose.yml`."""
    database = f"postgresql+asyncpg://{USER}:{keys.postgres_password}@postgres:5432/{USER}"
    minio = {"MINIO_ROOT_USER": keys.s3_access_key, "MINIO_ROOT_PASSWORD": keys.s3_secret_key}
    return {
        "bus/reelbus_nats_url": f"nats://{USER}:{keys.nats_password}@nats:4222",
        "database/reelbus_database_url": database,
        "storage/reelbus_s3_access_key": keys.s3_access_key,
        "storage/reelbus_s3_secret_key": keys.s3_secret_key,
        "edge/reelbus_signing_secret": keys.signing_secret,
        "nats/authorization.conf": f'authorization {{ user: {USER}, password: "{keys.nats_password}" }}\n',
        "postgres/password": keys.postgres_admin_password,
        "postgres/reelbus": keys.postgres_password,
        "minio/config.env": "".join(f'export {name}="{value}"\n' for name, value in minio.items()),
        "grafana/password": keys.grafana_password,
    }


def write(root: Path) -> None:
    """Make what is missing in `root`. Raises `StackError` when it cannot be written."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        for path, text in files(load_or_create(root / "secrets.json")).items():
            _put(root / path, text)
    except OSError as error:
        raise StackError(f"{error.filename or root} cannot be written: {error.strerror}") from error


def _put(path: Path, text: str) -> None:
    """Whole or not at all: containers may be reading."""
    path.parent.mkdir(exist_ok=True)
    if path.exists() and path.read_text() == text:
        return
    staging = path.with_name(f".{path.name}")
    staging.unlink(missing_ok=True)
    staging.write_text(text)
    os.chmod(staging, READABLE)
    staging.replace(path)
