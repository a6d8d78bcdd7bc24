from collections.abc import Iterator

import pytest

from tests.unit.edge.motion import Client, Studio, client_of


@pytest.fixture
def studio() -> Studio:
    """With a session that is open."""
    found = Studio()
    found.open = True
    return found


@pytest.fixture
def client(studio: Studio) -> Iterator[Client]:
    with client_of(studio, motion_ip_rate=1000) as client:
        yield client
