"""Every service from its image against the embedded servers, and the main jobs through all of them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.images import buildah
from deploy.images.container import Container
from deploy.images.fonts import fonts_are_ready
from deploy.images.journeys import enhancement, movie
from deploy.images.names import FOLDER, NAMES, OPERATOR, USER, ImageError, tag
from deploy.images.servers import servers
from deploy.images.shelf import NETWORK, Shelf
from reelbus.stack import setup
from reelbus.stack.connection import StackConnection
from reelbus.stack.services import SERVICES

LOGS = FOLDER / "logs"
READY = 90.0
GRACE = 30.0
"""Seconds, as deployments have it."""
ALL, DATABASE, STORAGE, EDGE = (
    ("reelbus_nats_url",),
    ("reelbus_database_url",),
    ("reelbus_s3_access_key", "reelbus_s3_secret_key"),
    ("reelbus_signing_secret",),
)
SECRETS: Mapping[str, tuple[str, ...]] = {
    "edge": (*ALL, *DATABASE, *STORAGE, *EDGE),
    "ingest": (*ALL, *DATABASE, *STORAGE),
    "jobs": (*ALL, *DATABASE),
    "transcode": (*ALL, *STORAGE),
    "analyze": (*ALL, *STORAGE),
    "sessions": (*ALL, *DATABASE, *STORAGE),
    "speech": (*ALL, *STORAGE),
    "notify": ALL,
    "operator": (*ALL, *DATABASE, *STORAGE),
}
"""Files that each gets, and no others."""


@dataclass(frozen=True)
class Place:
    """What containers are told of the machine that they run on."""

    reach: StackConnection
    ports: Mapping[str, int]
    shelf: Shelf
    folder: Path

    def settings(self, name: str) -> dict[str, str]:
        told = {
            "REELBUS_S3_ENDPOINT": self.reach.s3_endpoint,
            "REELBUS_S3_BUCKET": self.reach.s3_bucket,
            "REELBUS_PUBLIC_URL": self.reach.public_url,
            "REELBUS_FETCH_NETWORKS": NETWORK,
            "REELBUS_FETCH_PORTS": f"80,443,{self.shelf.port}",
            "REELBUS_SERVICE_INSTANCE": f"{name}-trial",
        }
        return {**told, "REELBUS_HTTP_PORT": str(self.ports[name])} if name in self.ports else told

    def secrets(self, name: str) -> Path:
        """A folder with the files of `name`, which its user alone may read."""
        user = None if name == OPERATOR else name
        values = {key.lower(): value for key, value in self.reach.environ(user).items()}
        folder = self.folder / name
        folder.mkdir(mode=0o755)
        for each in SECRETS[name]:
            path = folder / each
            path.write_text(values[each])
            path.chmod(0o400)
            _give(path)
        return folder


def trial() -> None:
    """Raises `ImageError` (or what a journey raises) at the first thing that is not right."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reelbus-images-")))
        folder.chmod(0o755)  # so that a user of a container reaches its secrets
        shelf = stack.enter_context(Shelf.open())
        reach, ports = stack.enter_context(servers(folder / "servers"))
        place = Place(reach, ports, shelf, folder)
        containers = {name: _container(stack, name, place) for name in NAMES}
        operator = containers.pop(OPERATOR)
        _step("tables and bucket by the operator's image", lambda: _set_up(operator, reach))
        with _running(containers):
            _step("fonts", lambda: fonts_are_ready(containers["transcode"], containers["speech"]))
            _step(
                "enhancement, metadata, edits, Motion Photo",
                lambda: enhancement(reach.public_url, FOLDER / "out"),
            )
            _step(
                "movie with captions", lambda: movie(reach.public_url, shelf, _key(operator), FOLDER / "out")
            )
            _step("the operator's lists", lambda: _lists(operator))


def _set_up(operator: Container, reach: StackConnection) -> None:
    """The database itself is there in any deployment."""
    setup.ensure_database(reach.database_url)
    for command in ("migrate", "migrate", "bucket", "bucket"):
        operator.command(command)
    operator.command("secrets", "/tmp/secrets")


def _key(operator: Container) -> str:
    return operator.command("keys", "create", "--user", "ann", "--scopes", "read,write").splitlines()[-1]


def _lists(operator: Container) -> None:
    if "ann" not in operator.command("keys", "list"):
        raise ImageError("operator keys list does not show the key")
    operator.command("jobs", "list", "ann")
    letters = operator.command("dlq", "list", "--json").strip()
    if letters not in ("", "[]"):
        raise ImageError(f"There are dead letters: {letters}")


@contextmanager
def _running(containers: Mapping[str, Container]) -> Iterator[None]:
    """All healthy inside; each ends by itself after SIGTERM, those that others need last."""
    try:
        for name, container in containers.items():
            container.start(LOGS / f"{name}.log")
        for name, container in containers.items():
            print(f"  {name:<10} healthy after {container.await_health(READY):.1f} s", flush=True)
        yield
        for name in sorted(containers, key=_rank, reverse=True):
            print(f"  {name:<10} ended {containers[name].stop(GRACE):.1f} s after SIGTERM", flush=True)
    finally:
        for container in containers.values():
            container.kill()


def _container(stack: ExitStack, name: str, place: Place) -> Container:
    image = buildah.configuration(tag(name))
    root = stack.enter_context(buildah.mounted(tag(name)))
    return Container(name, root, image, place.settings(name), place.secrets(name))


def _rank(name: str) -> int:
    return next(service.rank for service in SERVICES if service.name == name)


def _give(path: Path) -> None:
    os.chown(path, USER, USER)


def _step(what: str, work: Callable[[], object]) -> None:
    begun = time.monotonic()
    work()
    print(f"{what}: {time.monotonic() - begun:.1f} s", flush=True)
