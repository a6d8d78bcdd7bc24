"""The hub behind a real WebSocket server, with everything behind the hub made up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from libs.contracts.access import READ, SCOPES, Authenticate, Principal
from libs.contracts.errors import ReelbusError, UnauthorizedError
from libs.contracts.jobs import Job, JobState
from libs.contracts.tasks import RenderResult
from services.notify.app import reachable
from services.notify.entrance import Entrance
from services.notify.hub import Hub
from services.notify.ledger import Ledger
from services.notify.past import Past
from services.notify.routes import socket_route
from services.notify.settings import NotifySettings
from tests.unit.samples import info, job, result

ALICE, ALICE_KEY = "jwt.of.alice", "rb_alice"
WRITER, BOB = "jwt.of.writer", "jwt.of.bob"


def edited(number: int = 1, **changes: Any) -> Job:
    """A job of Alice."""
    fields: dict[str, Any] = {"family": "jobs", "kind": "video_edit", "owner": "user:alice"}
    return job(number, **(fields | {"channel": "user/alice", "asset_id": None} | changes))


def whole(bare: Job) -> Job:
    """The job, completed and with its result."""
    rendered = RenderResult(artifact=result("output.mp4").artifact, info=info())
    fields = {name: getattr(bare, name) for name in bare.__struct_fields__}
    return Job(**(fields | {"state": JobState.COMPLETED, "progress": 100.0, "result": rendered}))


class Told(Ledger):
    """A ledger in memory."""

    def __init__(self) -> None:
        self.ends: set[UUID] = set()

    async def mark(self, job_id: UUID) -> None:
        self.ends.add(job_id)

    async def delivered(self, job_id: UUID) -> bool:
        return job_id in self.ends


class Place:
    """A server; tests change who is known (`users`), what is stored (`jobs`), and what fails (`failing`)."""

    def __init__(self, settings: NotifySettings) -> None:
        self.url = ""
        self.hub = Hub(
            queue=50,
            hard_queue=100,
            sockets=settings.ws_sockets,
            channel_sockets=settings.ws_channel_sockets,
        )
        self.ledger = Told()
        self.users: dict[str, Principal] = {
            ALICE: Principal(user_id="alice", scopes=[READ]),
            ALICE_KEY: Principal(user_id="alice", scopes=[*SCOPES]),
            BOB: Principal(user_id="bob", scopes=[*SCOPES]),
            WRITER: Principal(user_id="alice", scopes=["write"]),
        }
        self.jobs: dict[str, list[Job]] = {}
        self.failing: dict[str, ReelbusError] = {}
        self.asked: list[Authenticate] = []

    async def authenticate(self, credentials: Authenticate) -> Principal:
        self.asked.append(credentials)
        self._fail("authenticate")
        shown = [each for each in (credentials.token, credentials.api_key) if each is not None]
        found = [self.users.get(each) for each in shown]
        first = found[0]
        if first is None or any(each is None or each.user_id != first.user_id for each in found):
            raise UnauthorizedError("Invalid or missing authentication token")
        return first

    async def channel_jobs(self, family: str, channel: str) -> list[Job]:
        self._fail("channel_jobs")
        return [job for job in self.jobs.get(channel, []) if job.family == family]

    async def whole_job(self, bare: Job) -> Job:
        return whole(bare)

    def _fail(self, call: str) -> None:
        if call in self.failing:
            raise self.failing[call]

    @asynccontextmanager
    async def socket(self, path: str = "/ws/alice", *offered: str, **headers: str) -> AsyncIterator[Client]:
        """`headers` are named with `_` for `-`."""
        server, host = self.url.removeprefix("ws://"), headers.pop("Host", "")
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        protocols = [Subprotocol(each) for each in offered] or None
        address, _, port = server.partition(":")
        async with connect(
            f"ws://{host or server}{path}",
            host=address,
            port=int(port),
            subprotocols=protocols,
            additional_headers=names,
        ) as connection:
            yield Client(connection)


class Client:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def get(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), 10))
        return message

    async def kinds(self, number: int) -> list[str]:
        return [(await self.get())["type"] for _ in range(number)]

    async def end(self) -> tuple[int, str]:
        """Code and reason of the close, after whatever comes before it."""
        with pytest.raises(ConnectionClosed) as closed:
            await self._rest()
        frame = closed.value.rcvd
        assert frame is not None
        return frame.code, frame.reason

    async def _rest(self) -> None:
        while True:
            await self.get()


@asynccontextmanager
async def notify(**settings: Any) -> AsyncIterator[Place]:
    found = NotifySettings(**settings)
    place = Place(found)
    past = Past(place.ledger, place.channel_jobs, place.whole_job)
    route = socket_route(place.hub, place.ledger, past, Entrance(place.authenticate), found)
    config = uvicorn.Config(
        reachable(route, found),
        port=0,
        lifespan="off",
        log_config=None,
        ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    place.url = f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield place
    finally:
        server.should_exit = True
        await serving
