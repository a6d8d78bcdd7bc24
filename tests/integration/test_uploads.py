"""Uploads that go wrong leave nothing behind."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from libs.chassis.settings import StorageSettings
from libs.chassis.storage import Storage
from tests.integration.client import Operator, User
from tests.stack.harness import Stack, wait_until

BOUNDARY = "reelbus-test"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="big.mp4"\r\n'
    "Content-Type: video/mp4\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
MIB = 1 << 20


class Traces:
    """What uploads leave: rows, objects, unfinished multipart uploads (as storage keeps them on disk)."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def rows(self) -> tuple[int, int, int]:
        (counts,) = self._operator.sql(
            "SELECT (SELECT count(*) FROM ingest.uploads), (SELECT count(*) FROM ingest.assets),"
            " (SELECT count(*) FROM jobs.jobs)"
        )
        return counts[0], counts[1], counts[2]

    def objects(self) -> int:
        connection = self._operator.connection
        storage = Storage(
            StorageSettings(
                s3_endpoint=connection.s3_endpoint,
                s3_access_key=connection.s3_access_key,
                s3_secret_key=connection.s3_secret_key,
            )
        )
        try:
            return len(asyncio.run(storage.keys("uploads/")))
        finally:
            storage.close()

    def all(self) -> tuple[int, ...]:
        return (*self.rows(), self.objects())


@pytest.fixture
def traces(operator: Operator) -> Iterator[Traces]:
    """Fails the test when anything is there afterwards that was not there before."""
    found = Traces(operator)
    wait_until(lambda: found.rows()[0] == 0, 20)
    before = found.all()
    yield found
    wait_until(lambda: found.all() == before, 20)


def dribble(chunks: int, between: Callable[[int], None]) -> Iterator[bytes]:
    yield HEAD
    for number in range(chunks):
        between(number)
        yield b"\x00" * MIB
    yield TAIL


def test_a_client_that_goes_away(stack: Stack, traces: Traces) -> None:
    with socket.create_connection(("127.0.0.1", stack.port)) as connection:
        connection.sendall(
            f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
            f"Content-Length: {100 * MIB}\r\n\r\n".encode()
            + HEAD
            + b"\x00" * (20 * MIB)
        )
        wait_until(lambda: traces.rows()[0] == 1)


def test_storage_restarts_during_an_upload(user: User, operator: Operator, traces: Traces) -> None:
    """The upload either survives the restart or is refused clearly; here storage stays away too long."""
    stop = threading.Event()

    def keep_killing() -> None:
        while not stop.is_set():
            operator.restart("s3")

    killer = threading.Thread(target=keep_killing)

    def between(number: int) -> None:
        if number == 20:
            killer.start()
        if number >= 20:
            time.sleep(0.05)

    try:
        answer = user.http.post("/upload", content=dribble(120, between), headers={"Content-Type": TYPE})
    finally:
        stop.set()
        killer.join()
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["detail"] == "Storage does not answer."


def test_the_edge_dies_during_an_upload(user: User, operator: Operator, stack: Stack, traces: Traces) -> None:
    """What it left is an upload that nobody completes: the sweeper's case, once it is old enough."""

    def between(number: int) -> None:
        if number == 10:
            for name in ("edge", "edge-2"):
                operator.kill(name)

    try:
        answer = user.http.post("/upload", content=dribble(40, between), headers={"Content-Type": TYPE})
    except httpx.TransportError:
        pass  # the gateway gave up on a body that it could not pass on
    else:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "3"
        assert answer.json()["detail"] == "The service does not answer; try again."
    for name in ("edge", "edge-2"):
        stack.wait_for(name, "ready", restarts=1)
    assert traces.rows()[0] == 1
    operator_ages_uploads(operator)


def operator_ages_uploads(operator: Operator) -> None:
    """Make every upload that is under way look two days old."""
    operator.sql("UPDATE ingest.uploads SET begun_at = begun_at - interval '2 days'")


@pytest.mark.parametrize(
    ("content", "content_type", "detail"),
    [
        (b"hello", "text/plain", "The request must be multipart/form-data."),
        (b"", TYPE, None),
        (HEAD + b"cut", TYPE, None),
        (HEAD.replace(b"video/mp4", b"text/html") + b"<p>" + TAIL, TYPE, "File must be a video"),
        (HEAD.replace(b'"file"', b'"other"') + b"x" + TAIL, TYPE, "The form has no part named file."),
        (b"--" + BOUNDARY.encode() + b"\r\n" + b"X: " + b"y" * 9000 + b"\r\n\r\n" + TAIL, TYPE, None),
    ],
    ids=["no form", "empty", "cut short", "not a video", "no file", "header bomb"],
)
def test_forms_that_are_none(
    user: User, traces: Traces, content: bytes, content_type: str, detail: str | None
) -> None:
    answer = user.http.post("/upload", content=content, headers={"Content-Type": content_type})
    assert answer.status_code == 400
    assert set(answer.json()) == {"detail"}
    if detail:
        assert answer.json()["detail"] == detail


def test_a_large_body_that_is_no_video_is_refused_and_heard(user: User, traces: Traces) -> None:
    body = HEAD.replace(b"video/mp4", b"application/zip") + b"\x00" * (30 * MIB) + TAIL
    answer = user.http.post("/upload", content=body, headers={"Content-Type": TYPE})
    assert (answer.status_code, answer.json()) == (400, {"detail": "File must be a video"})


@pytest.mark.parametrize("client_id", ["c" * 300, "a\x00b", "a\nb"])
def test_client_ids_that_are_none(user: User, traces: Traces, tmp_path: Path, client_id: str) -> None:
    clip = tmp_path / "x.mp4"
    clip.write_bytes(b"x")
    assert user.try_upload(clip, client_id=client_id).status_code == 400
    with clip.open("rb") as file:
        files = {"file": ("x.mp4", file, "video/mp4")}
        answer = user.http.post("/upload", params={"client_id": client_id}, files=files)
    assert answer.status_code == 400


@pytest.mark.parametrize("mime", ["video/", "video/mp4\x00", "video/\u00e9", "video/mp4 or so"])
def test_declared_types_that_are_none(user: User, traces: Traces, mime: str) -> None:
    body = HEAD.replace(b"video/mp4", mime.encode()) + b"x" + TAIL
    answer = user.http.post("/upload", content=body, headers={"Content-Type": TYPE})
    assert answer.status_code == 400
