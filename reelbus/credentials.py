"""Credentials as files, for `docker-compose.yml`: a folder for each group of containers that needs them.

Services read theirs as secret files (`REELBUS_SECRETS_DIR`), servers in the form that each knows. What is
made is kept in `secrets.json`, which no container but the one that runs this sees.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from reelbus.stack import bus_users
from reelbus.stack.connection import USER
from reelbus.stack.errors import StackError
from reelbus.stack.secrets import Secrets, load_or_create, token, write_private

AUTHORIZATION = "authorization.conf"
NATS_URL = "nats-url"
READABLE = 0o444
"""By everybody in a container that has the folder: servers run as users of their own."""


def files(keys: Secrets) -> Mapping[str, str]:
    """Content by path. The hosts are the names of the servers in `docker-compose.yml`; `bus` is for
    operators, `bus-…` for each service."""
    bus = bus_users.urls(keys, "nats:4222")
    database = f"postgresql+asyncpg://{USER}:{keys.postgres_password}@postgres:5432/{USER}"
    minio = {"MINIO_ROOT_USER": keys.s3_access_key, "MINIO_ROOT_PASSWORD": keys.s3_secret_key}
    return {
        "bus/reelbus_nats_url": bus.pop(bus_users.OPERATOR),
        **{f"bus-{service}/reelbus_nats_url": url for service, url in bus.items()},
        "database/reelbus_database_url": database,
        "storage/reelbus_s3_access_key": keys.s3_access_key,
        "storage/reelbus_s3_secret_key": keys.s3_secret_key,
        "edge/reelbus_signing_secret": keys.signing_secret,
        f"nats/{AUTHORIZATION}": bus_users.authorization(bus_users.passwords(keys)),
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


def write_nats_users(folder: Path, server: str) -> None:
    """`authorization.conf` for NATS at `server` (a URL without credentials) and `nats-url…`, one for each
    user, named as in the Secret of a Kubernetes installation. Those that are there keep their passwords.
    Raises `StackError` for what is no such URL, or cannot be written."""
    scheme, separator, address = server.partition("://")
    if scheme not in ("nats", "tls") or not separator or not address or "@" in address:
        raise StackError(f"{server} is no address of NATS. Give one as tls://nats.example.com:4222.")
    services = {service: f"{NATS_URL}-{service}" for service in bus_users.rights()}
    names = {bus_users.OPERATOR: NATS_URL, **services}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        words = {user: _password(folder / name) for user, name in names.items()}
        for user, name in names.items():
            write_private(folder / name, f"{scheme}://{user}:{words[user]}@{address}")
        write_private(folder / AUTHORIZATION, bus_users.authorization(words))
    except OSError as error:
        raise StackError(f"{error.filename or folder} cannot be written: {error.strerror}") from error


def _password(path: Path) -> str:
    """That of the URL in this file; a new one where there is none."""
    return (urlsplit(path.read_text()).password if path.exists() else None) or token()


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
