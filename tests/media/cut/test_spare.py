"""Cutters that wait to be asked."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from libs.contracts.errors import TaskTimeoutError
from libs.media.cut.request import CutOutcome, CutRequest
from libs.media.cut.run import cut
from libs.media.cut.spare import Spares, _Spare
from libs.media.tools import Tools
from tests.media.cut.test_run import done, gone, request_of
from tests.media.test_runner import script

pytestmark = pytest.mark.anyio


def waiting(tmp_path: Path, body: str) -> Tools:
    """Stands in for Python: reads its request, from a pipe or a file, then does `body`."""
    text = f'echo "$4" >> {tmp_path}/asked\nrequest=$(cat "$4")\n{body}'
    return Tools(python=script(tmp_path / "cutter", text))


@asynccontextmanager
async def keeping(tools: Tools, folder: Path) -> AsyncIterator[Spares]:
    """Spares that are started again and again."""
    spares = Spares(tools, folder)

    async def forever() -> None:
        while True:
            await spares.keep()

    async with anyio.create_task_group() as group:
        group.start_soon(forever)
        yield spares
        group.cancel_scope.cancel()


async def ready(spares: Spares) -> None:
    """One listens: it is taken, and given back as it is."""
    with anyio.fail_after(20):
        while (spare := spares.take()) is None:
            await anyio.sleep(0.02)
    setattr(spare, "open", lambda: True)  # noqa: B010  (opening twice would make two writers)
    spares._idle.append(spare)


def pipes(tmp_path: Path) -> list[str]:
    asked = (tmp_path / "asked").read_text().split()
    return [name for name in asked if name.endswith(".pipe")]


async def test_a_spare_answers_and_another_takes_its_place(tmp_path: Path) -> None:
    tools = waiting(tmp_path, f"echo x > {tmp_path}/out.mp4; {done()}")
    async with keeping(tools, tmp_path) as spares:
        for turn in range(3):
            await ready(spares)
            outcome = await cut(tools, request_of(tmp_path), cwd=tmp_path, time_limit=20, spares=spares)
            assert outcome.method == "smart"
            assert len(set(pipes(tmp_path))) >= turn + 1
    assert not list(tmp_path.glob("*.pipe"))
    assert not list(tmp_path.glob("cut-*"))
    await gone(str(tmp_path / "cutter"))


async def test_a_long_request_arrives_whole(tmp_path: Path) -> None:
    tools = waiting(tmp_path, f'printf %s "$request" | wc -c > {tmp_path}/length; {done(None)}')
    request = request_of(tmp_path)
    long = CutRequest(graph=request.graph, inputs={"x" * 400_000: "y"}, destination=request.destination)
    async with keeping(tools, tmp_path) as spares:
        await ready(spares)
        await cut(tools, long, cwd=tmp_path, time_limit=20, spares=spares)
    assert int((tmp_path / "length").read_text()) > 400_000


async def test_its_death_is_that_of_a_cutter(tmp_path: Path) -> None:
    """The graph is resolved by another process."""
    tools = waiting(tmp_path, f'case "$4" in *.pipe) kill -SEGV $$;; *) {done(None)};; esac')
    async with keeping(tools, tmp_path) as spares:
        await ready(spares)
        outcome = await cut(tools, request_of(tmp_path), cwd=tmp_path, time_limit=20, spares=spares)
    assert isinstance(outcome, CutOutcome)
    assert outcome.method is None
    assert "ended unexpectedly" in outcome.reason


async def test_the_time_limit_counts_from_the_request(tmp_path: Path) -> None:
    tools = waiting(tmp_path, "sleep 60")
    async with keeping(tools, tmp_path) as spares:
        await ready(spares)
        await anyio.sleep(0.3)
        with pytest.raises(TaskTimeoutError):
            await cut(tools, request_of(tmp_path), cwd=tmp_path, time_limit=0.2, spares=spares)
    await gone(str(tmp_path / "cutter"))


async def test_cancelling_kills_it(tmp_path: Path) -> None:
    tools = waiting(tmp_path, f"touch {tmp_path}/working; sleep 60")
    async with keeping(tools, tmp_path) as spares, anyio.create_task_group() as group:
        await ready(spares)

        async def work() -> None:
            await cut(tools, request_of(tmp_path), cwd=tmp_path, time_limit=60, spares=spares)

        group.start_soon(work)
        with anyio.fail_after(20):
            while not (tmp_path / "working").exists():
                await anyio.sleep(0.02)
        group.cancel_scope.cancel()
    await gone(str(tmp_path / "cutter"))
    assert not (tmp_path / "out.mp4").exists()


async def test_without_one_that_listens_a_new_process_does_it(tmp_path: Path) -> None:
    tools = waiting(tmp_path, f"echo x > {tmp_path}/out.mp4; {done()}")
    spares = Spares(tools, tmp_path)
    outcome = await cut(tools, request_of(tmp_path), cwd=tmp_path, time_limit=20, spares=spares)
    assert outcome.method == "smart"
    assert pipes(tmp_path) == []


async def test_one_that_cannot_listen_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.media.cut.spare._HOPELESS", 0.0)
    spares = Spares(Tools(python=script(tmp_path / "broken", "sleep 60")), tmp_path)
    async with anyio.create_task_group() as group, anyio.create_task_group() as living:
        living.start_soon(spares.keep)
        while not spares._idle:
            await anyio.sleep(0.01)
        await anyio.sleep(0.05)
        assert spares.take() is None
        with anyio.fail_after(20):
            while spares._idle:
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    await gone(str(tmp_path / "broken"))


def test_one_that_nobody_reads_yet_is_not_taken(tmp_path: Path) -> None:
    """Its process may listen before whoever started it knows of it."""
    spare = _Spare(Tools(), tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe")
    listening = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert not spare.open()
    os.close(listening)
