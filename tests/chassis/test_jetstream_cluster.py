"""Streams on a cluster of three NATS servers, kept by all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from libs.chassis.bus import Bus
from libs.chassis.jetstream import ensure_bucket
from libs.contracts.errors import UnavailableError
from libs.contracts.streams import KEEPER, STREAMS
from tests.chassis.buses import NOTED, Inbox, running, send, until
from tests.chassis.servers import NatsNode

pytestmark = pytest.mark.anyio


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[NatsNode]]:
    nodes = [NatsNode(tmp_path / f"n{number}") for number in range(3)]
    for node in nodes:
        node.others = [each for each in nodes if each is not node]
        node.start()
    yield nodes
    for node in nodes:
        node.kill()


async def test_streams_outlive_a_server_and_grow_to_more_of_them(cluster: list[NatsNode]) -> None:
    """Made with one replica by an installation that had one server, and brought to three by a setting."""
    await until(lambda: all(node.healthy() for node in cluster))
    first, second, _ = cluster
    async with running(second, service=KEEPER) as bus:
        await send(bus, 1)
        assert {(await bus.jetstream.stream_info(each.name)).config.num_replicas for each in STREAMS} == {1}
    inbox = Inbox()
    async with running(second, lambda bus: bus.consume(NOTED, inbox), KEEPER, stream_replicas=3) as bus:
        await inbox.filled(1)
        for each in STREAMS:
            assert (await bus.jetstream.stream_info(each.name)).config.num_replicas == 3
            await until(partial(_followed, bus, each.name))
        first.kill()
        await until(lambda: _sent(bus, 2))
        await inbox.filled(2)
        assert inbox.numbers == [1, 2]


async def test_a_bucket_follows_its_settings_and_keeps_its_entries(cluster: list[NatsNode]) -> None:
    await until(lambda: all(node.healthy() for node in cluster))
    async with running(cluster[0], service=KEEPER) as bus:
        await (await ensure_bucket(bus.jetstream, "b", ttl=60.0)).put("k", b"v")
        for ttl in (600.0, 30.0):
            bucket = await ensure_bucket(bus.jetstream, "b", ttl=ttl, replicas=3)
            config = (await bus.jetstream.stream_info("KV_b")).config
            assert (config.max_age, config.num_replicas) == (ttl, 3)
            assert (await bucket.get("k")).value == b"v"


async def _followed(bus: Bus, name: str) -> bool:
    info = await bus.jetstream.stream_info(name)
    others = (info.cluster.replicas if info.cluster else None) or []
    return len(others) == 2 and all(each.current for each in others)


async def _sent(bus: Bus, number: int) -> bool:
    """Whether the cluster took it; while it chooses another leader it does not."""
    try:
        await send(bus, number)
    except UnavailableError:
        return False
    return True
