"""One of each slow server for the session: a test that kills one starts it again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from nats import connect

from libs.chassis.jetstream import ensure_streams
from libs.chassis.migrations import upgrade_all
from reelbus.stack.setup import ensure_bucket
from tests.chassis.databases import create
from tests.chassis.servers import KEY, S3, SECRET, Juicefs, Nats, Postgres, Weed, up
from tests.chassis.sessions import House
from tests.media.numbered import numbered


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def bare_nats(tmp_path: Path) -> Iterator[Nats]:
    """A fresh one for each test: it starts in 20 ms."""
    with up(Nats(tmp_path / "nats")) as server:
        yield server


@pytest.fixture
def nats(bare_nats: Nats) -> Nats:
    """One with the streams, as jobs makes them before others go on."""
    asyncio.run(_with_streams(bare_nats))
    return bare_nats


async def _with_streams(server: Nats) -> None:
    client = await connect(server.url)
    await ensure_streams(client.jetstream(), keeper=True)
    await client.close()


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
    with up(Juicefs(tmp_path_factory.mktemp("juicefs"))) as server:
        yield server


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    with up(Weed(tmp_path_factory.mktemp("weed"))) as server:
        yield server


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
