"""Parts die; work does not."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from libs.contracts.media import PUBLIC_OWNER
from libs.contracts.rpc import CANCEL_JOB, CancelJob
from tests.integration.client import ENHANCE, EXTRACT, Operator, Socket, User, unique_copy
from tests.stack.harness import Stack, wait_until


@pytest.fixture(autouse=True)
def whole(stack: Stack) -> Iterator[None]:
    """Every test finds and leaves all processes ready."""
    yield
    wait_until(lambda: all(p["state"] == "ready" for p in stack.processes().values()), 30)


@pytest.fixture
def long_clip(small_bunny: Path, tmp_path: Path) -> Path:
    """Half a minute: long enough to be caught in mid-encode, with some of it done."""
    return unique_copy(small_bunny, tmp_path, loops=5)


def one_end_each(socket: Socket, file_id: str, status: str = "completed") -> None:
    """Both processes end with exactly one terminal message, which comes last."""
    socket.wait_ends(file_id, within=90)
    time.sleep(0.5)
    for process in ("video_enhancement", "metadata_extraction"):
        updates = socket.updates(file_id, process)
        assert [update["status"] for update in updates if update["status"] in ("completed", "failed")] == [
            status
        ]
        assert updates[-1]["status"] == status


def test_a_worker_killed_in_mid_encode(user: User, operator: Operator, long_clip: Path) -> None:
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        file_id = user.upload(long_clip, client_id=client_id)
        user.wait_encoding(file_id)
        with operator.frozen():
            name, orphan = operator.encoder()
            operator.restart(name)
        one_end_each(socket, file_id)
    assert not orphan.is_running()
    wait_until(lambda: not operator.scratch_files())
    rows = operator.sql("SELECT count(*) FROM jobs.tasks t JOIN jobs.jobs j USING (job_id) "
                        "WHERE j.key = $1 AND t.state = 'completed'", f"{ENHANCE}/{file_id}")  # fmt: skip
    assert rows == [(1,)]


def test_sigterm_gives_the_work_back_at_once(user: User, operator: Operator, long_clip: Path) -> None:
    """The other replica goes on well before the ack wait would be over."""
    file_id = user.upload(long_clip)
    user.wait_encoding(file_id)
    with operator.frozen():
        name, encoder = operator.encoder()
        other = "transcode-2" if name == "transcode" else "transcode"
        operator.kill(name, signal.SIGTERM)
        # The last heartbeat was at most 3 s old: the server alone would have waited 6 s or more.
        wait_until(lambda: not encoder.is_running() and list(operator.encoders()) == [other], 5)
    assert user.wait_for(file_id, ENHANCE)["status"] == "completed"


@pytest.mark.parametrize("server", ["nats", "postgres"])
def test_a_server_restarts_in_mid_work(user: User, operator: Operator, long_clip: Path, server: str) -> None:
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        file_id = user.upload(long_clip, client_id=client_id)
        user.wait_encoding(file_id)
        with operator.frozen():
            operator.restart(server)
        one_end_each(socket, file_id)


def test_storage_restarts_in_mid_work(user: User, operator: Operator, long_clip: Path) -> None:
    """It is away when the result is to be stored."""
    file_id = user.upload(long_clip)
    user.wait_encoding(file_id)
    operator.restart_storage()
    assert user.wait_for(file_id, ENHANCE)["status"] == "completed"


def test_cancel_stops_ffmpeg(user: User, operator: Operator, long_clip: Path) -> None:
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        file_id = user.upload(long_clip, client_id=client_id)
        user.wait_encoding(file_id)
        with operator.frozen():
            _, encoder = operator.encoder()
            job = operator.job(file_id)
            operator.call(CANCEL_JOB, CancelJob(job_id=job.job_id, owner=PUBLIC_OWNER))
            wait_until(lambda: not encoder.is_running(), 2.0)
        wait_until(lambda: socket.updates(file_id, "video_enhancement")[-1]["status"] == "failed", 3)
        assert socket.updates(file_id, "video_enhancement")[-1]["error"] == "The process was cancelled."
    assert user.status(file_id, ENHANCE)["status"] == "failed"
    wait_until(lambda: not operator.scratch_files())
    assert user.wait_for(file_id, EXTRACT)["status"] == "completed"


def test_a_client_that_was_away_is_told_the_end_once(user: User, small_bunny: Path, tmp_path: Path) -> None:
    clip = unique_copy(small_bunny, tmp_path)
    client_id = uuid4().hex
    file_id = user.upload(clip, client_id=client_id)
    user.wait_for(file_id, ENHANCE)
    user.wait_for(file_id, EXTRACT)
    with user.socket(client_id) as socket:
        socket.wait_ends(file_id, within=10)
    with user.socket(client_id) as socket:
        socket.send("hello")
        wait_until(lambda: any(m["type"] == "message" for m in socket.messages))
        time.sleep(0.5)
        assert not socket.ends(file_id)


def test_a_returning_client_gets_the_state_at_once(user: User, operator: Operator, long_clip: Path) -> None:
    client_id = uuid4().hex
    file_id = user.upload(long_clip, client_id=client_id)
    user.wait_encoding(file_id)
    with user.socket(client_id) as first, user.socket(client_id) as second:
        with operator.frozen():
            for socket in (first, second):
                wait_until(lambda socket=socket: socket.updates(file_id, "video_enhancement"), 2)  # type: ignore[misc]  # bound now
                assert socket.updates(file_id, "video_enhancement")[0]["status"] == "processing"
        first.wait_ends(file_id, 90)  # metadata may have been ready before it came: that is told once
        wait_until(lambda: second.updates(file_id, "video_enhancement")[-1]["status"] == "completed")
