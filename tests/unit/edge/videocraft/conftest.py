from collections.abc import Iterator

import pytest

from tests.unit.edge.office import Client
from tests.unit.edge.videocraft.cinema import Cinema, cinema_client


@pytest.fixture
def cinema() -> Cinema:
    return Cinema()


@pytest.fixture
def client(cinema: Cinema) -> Iterator[Client]:
    with cinema_client(cinema) as client:
        yield client
