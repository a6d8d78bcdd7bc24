"""Two stacks on one machine, replicas, a killed supervisor, another user, no user namespaces."""

import json
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from reelbus.stack.layout import Layout
from tests.stack.harness import Stack, build_workshop, wait_until

NOBODY = 65534


def test_two_stacks_side_by_side(shared: Stack, new_stack: Callable[..., Stack]) -> None:
    other = new_stack()
    other.up("--replicas", "2")
    names = list(other.processes())
    assert {"edge", "edge-2", "jobs-2", "notify-2"} < set(names)
    assert "caddy-2" not in names
    mine = {process["pid"] for process in shared.processes().values()}
    theirs = {process["pid"] for process in other.processes().values()}
    assert not mine & theirs
    assert not set(shared.state()["ports"].values()) & set(other.state()["ports"].values())
    answering = {httpx.get(other.url).json()["name"] for _ in range(6)}
    assert answering == {"edge", "edge-2"}

    other.down()
    assert other.survivors() == []
    shared.run("status")


def test_killed_supervisor_leaves_no_orphans_and_ports_are_reused(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack()
    stack.up()
    before = stack.state()
    os.kill(before["supervisor"], signal.SIGKILL)
    if sys.platform == "linux":
        wait_until(lambda: stack.survivors() == [])
    stack.run("status", code=3)

    stack.up()
    after = stack.state()
    assert (after["ports"], after["public_port"]) == (before["ports"], before["public_port"])
    assert httpx.get(stack.url).status_code == 200
    stack.down()
    assert stack.survivors() == []


@pytest.fixture
def common_ground() -> Iterator[Path]:
    """A directory of everybody's: pytest's own are private to this user."""
    path = Path(tempfile.mkdtemp(prefix="reelbus-user-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


def _as_nobody(ground: Path) -> list[str]:
    """argv prefix; shows a Python below a private home through a mount namespace of its own."""
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
    base = Path(sys.base_prefix)
    private = [parent for parent in base.parents if not parent.stat().st_mode & stat.S_IXOTH]
    if not private:
        return become
    script = (
        "set -e; mkdir -p $3/python; mount --bind $1 $3/python; mount -t tmpfs -o mode=755 tmpfs $2;"
        " mkdir -p $1; mount --bind $3/python $1; shift 3; exec $@"
    )
    show = ["unshare", "--mount", "sh", "-c", script, "sh", str(base), str(private[-1]), str(ground)]
    return [*show, *become]


@pytest.mark.skipif(os.geteuid() != 0, reason="already a normal user, so every other test shows it")
@pytest.mark.skipif(sys.platform != "linux", reason="needs setpriv and mount namespaces")
def test_runs_as_a_normal_user(common_ground: Path) -> None:
    stack = Stack(
        common_ground / "data", build_workshop(common_ground / "cwd"), prefix=_as_nobody(common_ground)
    )
    try:
        stack.up()
        assert httpx.get(stack.url).status_code == 200
        for process in stack.processes().values():
            assert psutil.Process(process["pid"]).uids().effective == NOBODY
    finally:
        stack.run("down")
    assert stack.survivors() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs the fallback")
def test_postgres_for_root_without_user_namespaces(new_stack: Callable[..., Stack], tmp_path: Path) -> None:
    refusing = tmp_path / "bin" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    stack = new_stack(env={"PATH": f"{refusing.parent}:{os.environ['PATH']}"})
    home = Layout.at(stack.data).setuid_postgres
    try:
        stack.up()
        server = psutil.Process(stack.process("postgres")["pid"])
        assert server.uids().effective == NOBODY
        assert json.loads(stack.run("status", "--json").stdout)
        stack.down()
        assert not server.is_running()
    finally:
        shutil.rmtree(home, ignore_errors=True)
