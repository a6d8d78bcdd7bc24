"""`/live`, `/ready`, `/metrics`, and what a service answers while it has no app."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from prometheus_client import REGISTRY

from libs.chassis import health as module
from libs.chassis.health import Health, Shell, no_app, respond
from libs.contracts.errors import UnavailableError

pytestmark = pytest.mark.anyio

PATHS = ("/live", "/ready", "/serving", "/jobs")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHECK_TIMEOUT", 0.05)
    monkeypatch.setattr(module, "_CACHE_SECONDS", -1.0)


async def good() -> None:
    return


async def bad() -> None:
    raise UnavailableError("The database does not answer.")


async def mute() -> None:
    raise ValueError


async def hang() -> None:
    await asyncio.Event().wait()


def started(**checks: Any) -> Health:
    health = Health()
    for name, check in checks.items():
        health.require(name, check)
    health.started()
    return health


async def ask(shell: Shell, path: str, kind: str = "http") -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await shell({"type": kind, "path": path}, receive, send)
    if kind == "websocket":
        return int(sent[0]["code"]), {}, b""
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert headers["content-length"] == str(len(sent[1]["body"]))
    return int(sent[0]["status"]), headers, bytes(sent[1]["body"])


async def test_nothing_required_is_ready() -> None:
    assert await started().report() == (True, {})


async def test_each_dependency_says_its_own() -> None:
    ready, report = await started(bus=good, database=bad, storage=mute, cache=hang).report()
    assert not ready
    assert report == {
        "bus": "ok",
        "database": "The database does not answer.",
        "storage": "ValueError",
        "cache": "no answer",
    }


async def test_hanging_checks_run_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = 0
    together = asyncio.Event()

    async def meet() -> None:
        nonlocal inside
        inside += 1
        if inside == 5:
            together.set()
        await together.wait()

    monkeypatch.setattr(module, "_CHECK_TIMEOUT", 5.0)
    ready, _ = await started(**{f"check{number}": meet for number in range(5)}).report()
    assert ready


async def test_a_recovered_dependency_makes_ready_again() -> None:
    away = True

    async def check() -> None:
        await (bad() if away else good())

    health = started(database=check)
    assert not (await health.report())[0]
    away = False
    assert (await health.report())[0]


async def test_a_crowd_of_askers_shares_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE_SECONDS", 1000.0)
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0)

    health = started(bus=look)
    reports = await asyncio.gather(*(health.report() for _ in range(20)))
    assert all(ready for ready, _ in reports)
    assert looks == 1


async def test_starting_and_stopping_are_not_ready_whatever_the_checks_say() -> None:
    health = Health()
    health.require("bus", good)
    assert await health.report() == (False, {"service": "starting"})
    health.started()
    assert (await health.report())[0]
    health.stopping()
    assert await health.report() == (False, {"service": "stopping"})


async def test_stopping_is_alive_answers_and_closes_connections() -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        await respond(send, 200, b"{}", "application/json")

    shell = Shell(started(), no_app)
    shell.app, told = app, []
    shell.health.on_stopping(lambda: told.append(1))
    assert [(await ask(shell, path))[0] for path in PATHS] == [200, 200, 200, 200]
    assert "connection" not in (await ask(shell, "/jobs"))[1]
    assert not told
    shell.health.stopping()
    assert told == [1]
    assert [(await ask(shell, path))[0] for path in PATHS] == [200, 503, 503, 200]
    for path in (*PATHS, "/metrics"):
        assert (await ask(shell, path))[1]["connection"] == "close"


async def test_starting_serves_nothing_yet() -> None:
    assert (await ask(Shell(Health()), "/serving"))[0] == 503


async def test_a_dependency_that_is_away_is_no_reason_to_send_nothing() -> None:
    assert (await ask(Shell(started(bus=bad)), "/serving"))[0] == 200


async def test_live_is_alive_even_when_nothing_works() -> None:
    status, headers, body = await ask(Shell(started(bus=bad)), "/live")
    assert (status, headers["content-type"], json.loads(body)) == (
        200,
        "application/json",
        {"status": "ok"},
    )


async def test_ready_is_200_or_503_with_the_report() -> None:
    status, _, body = await ask(Shell(started(bus=good)), "/ready")
    assert (status, json.loads(body)) == (200, {"status": "ok", "checks": {"bus": "ok"}})
    status, _, body = await ask(Shell(started(bus=hang)), "/ready")
    assert (status, json.loads(body)) == (503, {"status": "not ready", "checks": {"bus": "no answer"}})


async def test_metrics_are_prometheus_text() -> None:
    status, headers, body = await ask(Shell(Health()), "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    assert b"# TYPE reelbus_deliveries_total counter" in body


async def test_metrics_say_what_is_ready_and_what_answers() -> None:
    await started(bus=good, database=bad).metrics()
    assert REGISTRY.get_sample_value("reelbus_ready") == 0
    assert REGISTRY.get_sample_value("reelbus_dependency_up", {"dependency": "bus"}) == 1
    assert REGISTRY.get_sample_value("reelbus_dependency_up", {"dependency": "database"}) == 0
    health = started(bus=good)
    await health.metrics()
    assert REGISTRY.get_sample_value("reelbus_ready") == 1
    health.stopping()
    await health.metrics()
    assert REGISTRY.get_sample_value("reelbus_ready") == 0


async def test_without_an_app_everything_else_is_503() -> None:
    status, headers, body = await ask(Shell(Health()), "/upload")
    assert (status, headers["retry-after"]) == (503, "2")
    assert "detail" in json.loads(body)
    assert (await ask(Shell(Health()), "/ws/alice", "websocket"))[0] == 1013


async def test_a_service_says_itself_what_its_absence_is() -> None:
    status, headers, body = await ask(Shell(Health(), lambda scope: {"gone": scope["path"]}), "/upload")
    assert (status, headers["retry-after"], json.loads(body)) == (503, "2", {"gone": "/upload"})


async def test_the_app_gets_what_is_not_health() -> None:
    asked: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await module.respond(send, 204, b"", "text/plain")

    shell = Shell(started())
    shell.app = app
    assert (await ask(shell, "/live"))[0] == 200
    assert (await ask(shell, "/liveness"))[0] == 204
    assert (await ask(shell, "/ready/x"))[0] == 204
    assert asked == ["/liveness", "/ready/x"]
