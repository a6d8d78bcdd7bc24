"""The composed edge: what it needs in order to be ready, and what it does not."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest
from pydantic import SecretStr

from libs.chassis.health import Health
from libs.chassis.storage import Storage
from services.edge.app import compose
from services.edge.settings import EdgeSettings
from tests.chassis.servers import Juicefs, Nats

pytestmark = pytest.mark.anyio
BUCKET = "edge"
NOWHERE = "postgresql+asyncpg://reelbus@127.0.0.1:1/reelbus"
BODY = {"session_id": "x"}


@pytest.fixture
def settings(nats: Nats, juicefs: Juicefs) -> EdgeSettings:
    """A bus and storage, but no database."""
    stored = juicefs.settings(BUCKET)
    storage = Storage(stored)
    if not storage._client.bucket_exists(BUCKET):
        storage._client.make_bucket(BUCKET)
    storage.close()
    return EdgeSettings(nats_url=SecretStr(nats.url), database_url=SecretStr(NOWHERE), **stored.model_dump())


async def ask(settings: EdgeSettings) -> dict[str, Any]:
    """What a fresh edge says: `ready`, and its answers by path."""
    health = Health()
    async with compose(settings, health) as app:
        health.started()
        found: dict[str, Any] = {"ready": await health.report()}
        transport = httpx.ASGITransport(app=cast("Any", app))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            found["/health"] = await client.get("/health")
            found["/cleanup"] = await client.post("/cleanup", json=BODY)
            found["/upload"] = await client.post("/upload")
            found["stranger"] = await client.get("/health", headers={"host": "evil.example"})
    return found


async def test_a_lost_database_hurts_what_is_limited_alone(settings: EdgeSettings) -> None:
    found = await ask(settings)
    assert found["ready"] == (True, {"bus": "ok", "storage": "ok"})
    assert found["/health"].json()["status"] == "healthy"
    assert found["/upload"].status_code == 400
    assert (found["stranger"].status_code, found["stranger"].json()["code"]) == (421, "MISDIRECTED_REQUEST")
    limited = found["/cleanup"]
    assert (limited.status_code, limited.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(limited.headers["retry-after"]) > 0


async def test_with_the_limits_off_the_edge_needs_no_database(settings: EdgeSettings) -> None:
    found = await ask(settings.model_copy(update={"rate_limits": False}))
    assert (found["/cleanup"].status_code, found["/cleanup"].json()["error_code"]) == (404, "INVALID_SESSION")
