"""One supervised child with made-up probes."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import pytest

from reelbus.stack import process as module
from reelbus.stack.backoff import RestartPolicy
from reelbus.stack.probes import NotReadyError, RefusedError
from reelbus.stack.process import Child
from reelbus.stack.spawner import Spawner
from reelbus.stack.specs import Command, ProcessSpec
from reelbus.stack.state import ProcessState

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)",
)


async def good() -> None:
    return


async def bad() -> None:
    raise NotReadyError("says no")


def child(
    folder: Path, argv: tuple[str, ...] = SLEEP, *, ready: Callable[..., object] = good, **more: object
) -> Child:
    fields: dict[str, object] = {"live": good, **more}
    spec = ProcessSpec(name="x", argv=argv, env={}, port=1, rank=1, ready=ready, **fields)  # type: ignore[arg-type]  # fields of any type
    policy = RestartPolicy(first=0.01)
    return Child(spec, Spawner(adopts=False), lambda name: folder / name, lambda: None, policy)


async def _during(it: Child, what: Callable[[], object]) -> None:
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.run)
            while not what():
                await anyio.sleep(0.01)
            await it.stop()


def test_ready_then_stopped(tmp_path: Path) -> None:
    it = child(tmp_path)
    anyio.run(partial(_during, it, it.first_ready.is_set))
    assert it.status.state is ProcessState.STOPPED
    assert it.status.pid is None
    assert it.status.restarts == 0


def test_stubborn_process_is_killed_after_its_grace(tmp_path: Path) -> None:
    it = child(tmp_path, STUBBORN, grace=0.2)
    anyio.run(partial(_during, it, lambda: (tmp_path / "x").exists() and (tmp_path / "x").read_text()))
    assert it.status.state is ProcessState.STOPPED


def test_unready_but_alive_is_not_restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEAD_AFTER", 0.0)
    monkeypatch.setattr(module, "DEAF_AFTER", 0.0)
    asked = 0

    async def counting() -> None:
        nonlocal asked
        asked += 1
        raise NotReadyError("says no")

    it = child(tmp_path, ready=counting)
    anyio.run(partial(_during, it, lambda: asked > 2))
    assert it.status.restarts == 0
    assert not it.first_ready.is_set()


def test_process_that_does_not_live_is_restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEAF_AFTER", 0.1)
    it = child(tmp_path, ready=bad, live=bad)
    anyio.run(partial(_during, it, lambda: it.status.restarts))
    assert it.status.restarts >= 1


def test_a_process_that_stopped_listening_may_end_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEAD_AFTER", 0.0)
    monkeypatch.setattr(module, "STARTING_INTERVAL", 0.01)
    monkeypatch.setattr(module, "UNREADY_INTERVAL", 0.01)
    monkeypatch.setattr(module, "READY_INTERVAL", 0.01)
    asked = 0

    async def leaving() -> None:
        nonlocal asked
        asked += 1
        if asked > 3:
            raise RefusedError("no connection")

    it = child(tmp_path, ready=leaving, live=leaving)
    anyio.run(partial(_during, it, lambda: asked > 12))
    assert it.status.restarts == 0


@pytest.mark.parametrize("argv", [(sys.executable, "-c", "raise SystemExit(7)"), ("/no/such/program",)])
def test_gives_up_on_what_never_was_ready(tmp_path: Path, argv: tuple[str, ...]) -> None:
    it = child(tmp_path, argv, ready=bad)

    async def until_it_gives_up() -> None:
        with anyio.fail_after(20):
            await it.run()

    anyio.run(until_it_gives_up)
    assert it.gave_up.is_set()
    assert it.status.state is ProcessState.FAILED
    assert "7" in it.status.detail or "No such file" in it.status.detail


def test_preparation_is_made_once_and_never_half(tmp_path: Path) -> None:
    made, staging = tmp_path / "made", tmp_path / "made.new"
    staging.mkdir()
    (staging / "half").touch()
    make = Command(log="x", argv=("mkdir", str(staging)), env={}, produces=made, staging=staging)
    broken = Command(log="x", argv=("false",), env={})
    it = child(tmp_path)

    async def prepare_twice() -> list[int]:
        return [await it.run_command(make), await it.run_command(make), await it.run_command(broken)]

    assert anyio.run(prepare_twice) == [0, 0, 1]
    assert list(made.iterdir()) == []
    assert not staging.exists()
