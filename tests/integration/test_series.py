"""Rules and dashboards ask for what a stack really tells; a real Prometheus answers them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from reelbus.dashboards.boards import dashboards
from reelbus.dashboards.model import Query
from tests.deploy.promql import RULES, concrete, expressions, missing, read, rules
from tests.integration.cinema import FIRST, Director, Props, audio, image, movie, subtitles
from tests.integration.client import User, unique_copy
from tests.integration.motion import Studio
from tests.integration.prometheus import NAMES, Prometheus, targets, watching
from tests.integration.warehouse import Warehouse
from tests.media.numbered import numbered
from tests.stack.harness import NO_TLS, Stack, wait_until

BOARDS = {board.uid: board for board in dashboards()}


@pytest.fixture(scope="module")
def worked(
    stack: Stack,
    user: User,
    warehouse: Warehouse,
    small_bunny: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stack:
    """A stack of which every service has done what it is there for."""
    folder = tmp_path_factory.mktemp("work")
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        socket.wait_ends(user.upload(unique_copy(small_bunny, folder), client_id=client_id))
    studio = Studio(stack)
    studio.cleanup(studio.session(numbered(folder / "clip.mp4", 10)))
    props = Props(warehouse, folder)
    scene = {"elements": [image(props.picture("series.png", "blue")), audio(props.speech(FIRST))]}
    director = Director(stack, "series")
    director.made(movie(scene, elements=[subtitles()]))
    director.get("health/detailed")  # asks transcode and speech what they work with
    return stack


@pytest.fixture(scope="module")
def pages(worked: Stack) -> list[str]:
    where = [address for found in targets(worked).values() for address in found]
    return [httpx.get(f"http://{address}/metrics", timeout=20, verify=NO_TLS).text for address in where]


@pytest.fixture(scope="module")
def prometheus(worked: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It has seen everything several times, rules included."""
    with watching(worked, tmp_path_factory.mktemp("prometheus")) as prometheus:
        wait_until(lambda: len(prometheus.query("up == 1")) == 2 * len(NAMES), 30)
        time.sleep(12)
        yield prometheus


def test_everything_that_is_asked_for_is_told(pages: list[str]) -> None:
    assert missing(expressions(), read(pages)) == []


def test_what_is_not_told_is_found_out(pages: list[str]) -> None:
    exposed = read(pages)
    assert len(missing(["reelbus_never_told"], exposed)) == 1
    assert len(missing(['sum by (colour) (reelbus_tasks_open{service="edge"})'], exposed)) == 1
    assert missing(['sum by (component) (reelbus_tasks_open{service="edge"})'], exposed) == []


def test_replicas_tell_the_same_of_the_database(worked: Stack) -> None:
    """So that rules take the largest and never the sum."""
    figures = []
    for address in targets(worked)["jobs"]:
        page = httpx.get(f"http://{address}/metrics", verify=NO_TLS).text
        figures.append([line for line in page.splitlines() if line.startswith("reelbus_stream_messages")])
    assert figures[0] == figures[1] != []


def test_every_rule_is_loaded_and_healthy(prometheus: Prometheus) -> None:
    groups = prometheus.ask("/rules")["groups"]
    found = [rule for group in groups for rule in group["rules"]]
    assert len(found) == len(rules())
    assert {group["file"] for group in groups} == {str(path) for path in RULES.glob("*.yaml")}
    assert [(rule["name"], rule.get("lastError")) for rule in found if rule["health"] != "ok"] == []


def test_nothing_fires_at_a_stack_that_is_well(prometheus: Prometheus) -> None:
    firing = prometheus.query('ALERTS{alertstate="firing",alertname!="ReelbusDeadLetters"}')
    assert [alert["metric"] for alert in firing] == []


@pytest.mark.parametrize("uid", list(BOARDS))
def test_every_panel_shows_something(prometheus: Prometheus, uid: str) -> None:
    def empty(query: Query) -> bool:
        found = prometheus.query(concrete(query.expr, "10s"))
        return not found and not query.quiet

    assert [query.expr for query in BOARDS[uid].queries if empty(query)] == []
