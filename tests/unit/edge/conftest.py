from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.unit.edge.backend import Backend, edge


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def client(backend: Backend) -> Iterator[TestClient[Litestar]]:
    with TestClient(edge(backend).app, base_url="http://media.test:8000") as client:
        yield client
