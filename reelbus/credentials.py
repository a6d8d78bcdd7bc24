"""Credentials as files, for `docker-compose.yml`: a folder for each group of containers that needs them.

Services read theirs as secret files (`REELBUS_SECRETS_DIR`), servers in the form that each knows. What is
made is kept in `secrets.json`, which no container but the one that runs this sees.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
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


def write_nats_users(folder: Path, server: str, rotated: Collection[str] = ()) -> None:
    """`authorization.conf` for NATS at `server` (a URL without credentials) and `nats-url…`, one for each
    user, named as in the Secret of a Kubernetes installation. Those that are there keep name and password.
    Services that are `rotated` get a new user, beside whom NATS goes on to know the old one until this is
    called without. Raises `StackError` for what is no such URL or service, for users that do not fit
    together, and for what cannot be written."""
    scheme, separator, address = server.partition("://")
    if scheme not in ("nats", "tls") or not separator or not address or "@" in address:
        raise StackError(f"{server} is no address of NATS. Give one as tls://nats.example.com:4222.")
    if unknown := sorted(set(rotated) - bus_users.rights().keys()):
        raise StackError(f"{unknown[0]} is no service. There are: {', '.join(sorted(bus_users.rights()))}.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_users(folder, f"{scheme}://{{}}:{{}}@{address}", rotated)
    except OSError as error:
        raise StackError(f"{error.filename or folder} cannot be written: {error.strerror}") from error


def _write_users(folder: Path, url: str, rotated: Collection[str]) -> None:
    files = {
        bus_users.OPERATOR: folder / NATS_URL,
        **{service: folder / f"{NATS_URL}-{service}" for service in bus_users.rights()},
    }
    kept = {name: _user(path, name) for name, path in files.items()}
    if rotated:
        _refuse_second_rotation(folder / AUTHORIZATION, {user for user, _ in kept.values()})
    new = {name: (f"{name}-{token()[:6]}", token()) for name in rotated}
    users = [*kept.items(), *new.items()]
    words = {user: password for _, (user, password) in users}
    if len(words) < len(users):
        raise StackError(f"Two files {folder}/{NATS_URL}… have the same user: rights go by him.")
    allowed = {user: bus_users.rights()[name] for name, (user, _) in users if name != bus_users.OPERATOR}
    operator = kept[bus_users.OPERATOR][0]
    write_private(folder / AUTHORIZATION, bus_users.authorization(words, allowed, operator))
    for name, user in (kept | new).items():
        write_private(files[name], url.format(*user))


def _user(path: Path, name: str) -> tuple[str, str]:
    """Name and password in the URL in this file; `name` and a new password where there is none."""
    url = urlsplit(path.read_text() if path.exists() else "")
    return url.username or name, url.password or token()


def _refuse_second_rotation(path: Path, users: Collection[str]) -> None:
    """NATS would forget the user whom services may still be connected as."""
    known = re.findall(r'^ *user: "([^"]*)"$', path.read_text(), re.MULTILINE) if path.exists() else []
    if more := sorted(set(known) - set(users)):
        raise StackError(
            f"{path} has {', '.join(more)} of a rotation before. When no service is connected so any more, "
            "end it by the same command without --rotate."
        )


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
