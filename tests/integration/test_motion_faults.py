"""Parts die, fill up, expire or go away; clients get their answers, and nothing of a session is left."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from reelbus.stack import host
from reelbus.stack.layout import Layout
from tests.integration.client import Operator, unique_copy
from tests.integration.leftovers import Traces
from tests.integration.motion import Studio, refusal
from tests.integration.photos import look
from tests.media.numbered import numbered
from tests.stack.harness import Stack, wait_until

BOUNDARY = "reelbus-test"
RUNNING = "SELECT count(*) FROM jobs.tasks WHERE service = 'sessions' AND state = 'running'"
MOST_AT_ONCE = """
SELECT max(running) FROM (
    SELECT count(*) AS running FROM jobs.tasks one JOIN jobs.tasks other ON other.service = one.service
    AND one.started_at >= other.started_at AND one.started_at < coalesce(other.ended_at, 'infinity')
    WHERE one.service = 'sessions' AND one.started_at >= $1 GROUP BY one.task_id) at_starts
"""
"""Of the tasks of sessions that began after $1, as many as ran when one of them began."""


@pytest.fixture(autouse=True)
def traces(stack: Stack, operator: Operator) -> Iterator[Traces]:
    """Every test leaves all processes ready, and nothing of its sessions."""
    found = Traces(operator)
    wait_until(lambda: found.rows()[2:] == (0, 0), 20)
    before = found.all()
    yield found
    wait_until(lambda: all(each["state"] == "ready" for each in stack.processes().values()), 30)
    try:
        wait_until(lambda: found.all() == before, 20)
    except AssertionError:
        assert found.all() == before


@pytest.fixture
def studio(stack: Stack) -> Studio:
    return Studio(stack)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered(tmp_path_factory.mktemp("motion-faults") / "short.mp4", 10)


@pytest.fixture
def long(small_bunny: Path, tmp_path: Path) -> Path:
    """Ten seconds."""
    return unique_copy(small_bunny, tmp_path, loops=1)


@contextmanager
def converting(studio: Studio, operator: Operator, session_id: str) -> Iterator[Future[httpx.Response]]:
    """A conversion whose ffmpeg began and does not move."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(studio.try_convert, session_id, 0, 5, 2.5, 0.25)
        with operator.frozen("sessions"):
            assert not answer.done(), answer.result().text
            yield answer


def _kill_encoding(stack: Stack, operator: Operator) -> list[psutil.Process]:
    """SIGKILL all replicas that encode; the ffmpegs that they leave alone."""
    running = operator.encoders("sessions")
    restarts = {name: stack.process(name)["restarts"] for name in running}
    for name in running:
        operator.kill(name)
    for name, before in restarts.items():
        stack.wait_for(name, "ready", restarts=before + 1, within=30)  # two start at once
    return [each for processes in running.values() for each in processes]


def test_workers_are_killed_in_mid_prepare_and_in_mid_convert(
    studio: Studio, operator: Operator, stack: Stack, long: Path, tmp_path: Path
) -> None:
    """Both clients get what they wait for."""
    ready = studio.session(long)
    other = unique_copy(long, tmp_path)
    with ThreadPoolExecutor(2) as pool:
        converted = pool.submit(studio.try_convert, ready, 0, 10, 5)
        prepared = pool.submit(studio.try_prepare, other)
        with operator.frozen("sessions", 2):
            wait_until(lambda: operator.sql(RUNNING) == [(2,)], 20)
            orphans = _kill_encoding(stack, operator)
        answers = [converted.result(110), prepared.result(110)]
    assert [answer.status_code for answer in answers] == [200, 200], [each.text[:200] for each in answers]
    assert not any(orphan.is_running() for orphan in orphans)
    assert look(answers[0].content, tmp_path).photo.presentation_us == 5_000_000
    session_id = answers[1].json()["session_id"]
    assert studio.preview(answers[1].json(), Range="bytes=4-7").content == b"ftyp"
    studio.cleanup(session_id)
    studio.cleanup(ready)


def test_a_session_expires_in_mid_convert(studio: Studio, operator: Operator, small_bunny: Path) -> None:
    """The sweeper ends the work; its owner is told, and finds nothing more."""
    session_id = studio.session(small_bunny)
    with converting(studio, operator, session_id) as answer:
        operator.sql("UPDATE sessions.sessions SET expires_at = now() WHERE session_id = $1", session_id)
        refusal(studio.try_thumbnail(session_id, 1), 404, "INVALID_SESSION")
        refusal(answer.result(30), 404, "INVALID_SESSION")
        wait_until(lambda: not operator.encoders("sessions"))
    refusal(studio.try_cleanup(session_id), 404, "INVALID_SESSION")


def test_a_session_is_cleaned_in_mid_convert(studio: Studio, operator: Operator, small_bunny: Path) -> None:
    session_id = studio.session(small_bunny)
    with converting(studio, operator, session_id) as answer:
        studio.cleanup(session_id)
        refusal(answer.result(30), 404, "INVALID_SESSION")
        wait_until(lambda: not operator.encoders("sessions"))


def test_cleanups_race_converts(studio: Studio, short: Path) -> None:
    """Either the photo was made first or there is no session."""
    sessions = [studio.session(short) for _ in range(6)]
    with ThreadPoolExecutor(12) as pool:
        converts, cleanups = [], []
        for number, session_id in enumerate(sessions):
            converts.append(pool.submit(studio.try_convert, session_id, 0, 0.4, 0.2))
            time.sleep(0.1 * number)
            cleanups.append(pool.submit(studio.try_cleanup, session_id))
        assert [each.result(60).status_code for each in cleanups] == [200] * 6
        for answer in [each.result(60) for each in converts]:
            if answer.status_code != 200:
                refusal(answer, 404, "INVALID_SESSION")


def test_fifty_sessions_at_once_with_three_slots(studio: Studio, operator: Operator, short: Path) -> None:
    """All are served; never more than three previews are made at once, over both replicas."""
    encoding, stop = [0], threading.Event()
    ((before,),) = operator.sql("SELECT now()")

    def watch() -> None:
        while not stop.wait(0.1):
            encoding.append(sum(map(len, operator.encoders("sessions").values())))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: studio.try_prepare(short), range(50)))
    finally:
        stop.set()
        watcher.join()
    assert [answer.status_code for answer in answers] == [200] * 50
    sessions = {answer.json()["session_id"] for answer in answers}
    assert len(sessions) == 50
    assert operator.sql(MOST_AT_ONCE, before) == [(3,)]
    assert 0 < max(encoding) <= 3
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(studio.cleanup, sessions))


def test_a_client_goes_away_in_mid_prepare(stack: Stack, operator: Operator, long: Path) -> None:
    """Nobody will ask for that session: its work is stopped and it is closed."""
    form = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="long.mp4"\r\n\r\n'
    ).encode() + long.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode()  # fmt: skip
    with socket.create_connection(("127.0.0.1", stack.port)) as connection:
        connection.sendall(
            f"POST /prepare HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(form)}\r\n\r\n".encode()
            + form
        )
        with operator.frozen("sessions"):
            connection.close()
            wait_until(lambda: not operator.encoders("sessions"), 5)


def test_a_client_goes_away_in_mid_convert(
    studio: Studio, operator: Operator, stack: Stack, small_bunny: Path
) -> None:
    session_id = studio.session(small_bunny)
    form = f"session_id={session_id}&range_start=0&range_end=5&cover_time=2&speed=0.25".encode()
    with socket.create_connection(("127.0.0.1", stack.port)) as connection:
        connection.sendall(
            b"POST /convert HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            + f"Content-Length: {len(form)}\r\n\r\n".encode()
            + form
        )
        with operator.frozen("sessions"):
            connection.close()
            wait_until(lambda: not operator.encoders("sessions"), 5)
    studio.cleanup(session_id)


def test_storage_stays_away_in_mid_prepare(studio: Studio, operator: Operator, long: Path) -> None:
    """The answer is a preview that plays, or a clear refusal."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(studio.try_prepare, long)
        operator.restart_storage("sessions")
        found = answer.result(110)
    if found.status_code == 200:
        assert studio.preview(found.json(), Range="bytes=4-7").content == b"ftyp"
        studio.cleanup(found.json()["session_id"])
    else:
        refusal(found, 503, "SERVICE_UNAVAILABLE")
        assert int(found.headers["retry-after"]) > 0


def test_storage_is_full(studio: Studio, operator: Operator, stack: Stack, short: Path) -> None:
    """Neither videos nor photos are stored then; what is there can be cleaned."""
    session_id = studio.session(short)
    juicefs, layout = str(host.binary("juicefs")), Layout.at(stack.data)
    meta = f"sqlite3://{layout.root}/s3/meta.db"

    def limit(inodes: int) -> None:
        command = [juicefs, "--no-agent", "config", meta, "--inodes", str(inodes), "--force", "--yes"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        operator.restart("s3")

    limit(1)
    try:
        refusal(studio.try_prepare(short), 503, "SERVICE_UNAVAILABLE")
        refused = studio.try_thumbnail(session_id, 0.2)
        refusal(refused, 503, "SERVICE_UNAVAILABLE")
        assert int(refused.headers["retry-after"]) > 0
    finally:
        limit(0)
    assert studio.try_thumbnail(session_id, 0.2).status_code == 200
    studio.cleanup(session_id)


def test_expired_sessions_are_removed_whoever_dies(
    studio: Studio, operator: Operator, stack: Stack, short: Path
) -> None:
    """And in the end the row goes too."""
    sessions = [studio.session(short) for _ in range(3)]
    for name in ("sessions", "sessions-2"):
        operator.kill(name)
    operator.sql("UPDATE sessions.sessions SET expires_at = now() WHERE session_id = ANY($1)", sessions)
    for name in ("sessions", "sessions-2"):
        stack.wait_for(name, "ready", restarts=1)
    cleaned = "SELECT count(*) FROM sessions.sessions WHERE cleaned_at IS NOT NULL AND session_id = ANY($1)"
    wait_until(lambda: operator.sql(cleaned, sessions) == [(3,)], 20)
    operator.sql(
        "UPDATE sessions.sessions SET closed_at = now() - interval '2 days',"
        " cleaned_at = now() - interval '1 day' - interval '1 hour' WHERE session_id = ANY($1)",
        sessions,
    )
    there = "SELECT count(*) FROM sessions.sessions WHERE session_id = ANY($1)"
    wait_until(lambda: operator.sql(there, sessions) == [(0,)], 10)
