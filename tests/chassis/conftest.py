"""One of each slow server for the session: a test that kills one starts it again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from libs.chassis.migrations import upgrade_all
from reelbus.stack.setup import ensure_bucket
from tests.chassis.databases import create
from tests.chassis.servers import KEY, S3, SECRET, Juicefs, Nats, Postgres, Server, Weed
from tests.chassis.sessions import House
from tests.media.numbered import numbered


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Nats]:
    """A fresh one for each test: it starts in 20 ms."""
    yield from _running(Nats(tmp_path / "nats"))  # type: ignore[misc]  # yields what it gets


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def juicefs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Juicefs]:
    yield from _running(Juicefs(tmp_path_factory.mktemp("juicefs")))  # type: ignore[misc]  # yields what it gets


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    yield from _running(Weed(tmp_path_factory.mktemp("weed")))  # type: ignore[misc]  # yields what it gets


@pytest.fixture(scope="session", params=["juicefs", "weed"])
def s3(request: pytest.FixtureRequest) -> S3:
    found: S3 = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of a database with every service's tables, to be copied."""
    url = create(postgres)
    upgrade_all(url)
    return url.rpartition("/")[2]


@pytest.fixture
def database_url(postgres: Postgres, migrated: str) -> str:
    """A fresh copy."""
    return create(postgres, template=migrated)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, 25 frames each that say their numbers, with sound."""
    return numbered(tmp_path_factory.mktemp("clips") / "clip.mp4", 50)


@pytest.fixture
async def house(nats: Nats, database_url: str, juicefs: Juicefs, tmp_path: Path) -> AsyncIterator[House]:
    settings = juicefs.settings(f"sessions-{uuid4().hex[:8]}")
    ensure_bucket(settings.s3_endpoint, KEY, SECRET, settings.s3_bucket)
    async with House(nats, database_url, settings, tmp_path / "scratch") as house:
        yield house
