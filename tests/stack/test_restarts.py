"""What happens when a process dies, hangs on to its readiness, or keeps crashing."""

import os
import signal

import httpx
import psutil
import pytest

from tests.stack.harness import Stack, wait_until
from tests.stack.test_lifecycle import EVERYTHING


@pytest.mark.parametrize("name", EVERYTHING)
def test_killed_process_is_back_within_ten_seconds(shared: Stack, name: str) -> None:
    before = shared.wait_for(name, "ready")
    os.kill(before["pid"], signal.SIGKILL)
    after = shared.wait_for(name, "ready", restarts=before["restarts"] + 1)
    assert after["pid"] != before["pid"]
    assert psutil.pid_exists(after["pid"])
    wait_until(lambda: all(process["state"] == "ready" for process in shared.processes().values()))


def test_request_waits_for_a_restarting_edge(shared: Stack) -> None:
    before = shared.wait_for("edge", "ready")
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: shared.process("edge")["pid"] != before["pid"])
    answer = httpx.get(f"{shared.url}/anything", timeout=15)
    assert answer.status_code == 200
    assert answer.json()["pid"] != before["pid"]
    shared.wait_for("edge", "ready")


def test_unready_process_is_shown_and_left_alone(shared: Stack) -> None:
    before = shared.wait_for("analyze", "ready")
    shared.switch("analyze", "unready", on=True)
    shown = shared.wait_for("analyze", "unready")
    assert "503" in shown["detail"]
    shared.run("status", code=3)
    shared.switch("analyze", "unready", on=False)
    after = shared.wait_for("analyze", "ready")
    assert (after["pid"], after["restarts"]) == (before["pid"], before["restarts"])


def test_crash_loop_backs_off_and_recovers(shared: Stack) -> None:
    before = shared.wait_for("transcode", "ready")
    shared.switch("transcode", "crash", on=True)
    os.kill(before["pid"], signal.SIGKILL)
    shown = shared.wait_for("transcode", "backoff", restarts=before["restarts"] + 2)
    assert shown["pid"] is None
    assert "exit code 1" in shown["detail"]
    shared.switch("transcode", "crash", on=False)
    shared.wait_for("transcode", "ready", restarts=before["restarts"] + 3, within=15)


def test_what_a_killed_service_leaves_behind_is_killed_too(shared: Stack) -> None:
    shared.switch("ingest", "child", on=True)
    os.kill(shared.wait_for("ingest", "ready")["pid"], signal.SIGKILL)
    wait_until(lambda: shared.process("ingest")["state"] != "ready")
    parent = shared.wait_for("ingest", "ready")
    children = psutil.Process(parent["pid"]).children()
    assert [child.name() for child in children] == ["sleep"]
    shared.switch("ingest", "child", on=False)
    os.kill(parent["pid"], signal.SIGKILL)
    wait_until(lambda: not children[0].is_running())
    shared.wait_for("ingest", "ready", restarts=parent["restarts"] + 1)
