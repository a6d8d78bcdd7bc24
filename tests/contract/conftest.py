"""A real NATS server for the whole session, and the command as a user runs it."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import nats
import pytest
from typer.testing import CliRunner, Result

from libs.chassis.jetstream import ensure_streams
from libs.contracts.streams import DLQ, STREAMS
from reelbus.cli import app
from reelbus.stack import ports
from reelbus.stack.host import binary

Run = Callable[..., Result]
Do = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """With user `u` and password `p`, and no stream yet."""
    home = tmp_path_factory.mktemp("nats")
    port = ports.assign(["nats"], {}, avoid=frozenset())["nats"]
    config = home / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{home}" }}\n'
        'authorization { user: "u", password: "p" }\n'
    )
    server = subprocess.Popen([binary("nats-server"), "-c", config], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while ports.bind_error("127.0.0.1", port) is None:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield f"nats://u:p@127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def do(nats_url: str) -> Iterator[Do]:
    """Runs a coroutine function of a connected client. Streams are made before and removed after."""

    async def connected(work: Callable[[Any], Any]) -> Any:
        async with await nats.connect(nats_url) as client:
            return await work(client)

    async def remove(client: Any) -> None:
        for stream in STREAMS:
            with suppress(nats.js.errors.NotFoundError):
                await client.jetstream().delete_stream(stream.name)

    def run(work: Callable[[Any], Any]) -> Any:
        return asyncio.run(connected(work))

    run(lambda client: ensure_streams(client.jetstream(), keeper=True))
    assert run(lambda client: client.jetstream().stream_info(DLQ.name)).state.messages == 0
    yield run
    run(remove)


@pytest.fixture
def reelbus(nats_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command, told about NATS by the environment alone; no stack runs in its working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REELBUS_DATA", raising=False)
    monkeypatch.setenv("REELBUS_NATS_URL", nats_url)

    def run(*arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(app, list(arguments), input=typed)

    return run
