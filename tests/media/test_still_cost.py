"""What a still costs: frames decoded, bytes read, programs run."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

import pytest

from libs.media.tools import Tools
from tests.media.filming import Lab, made, number
from tests.media.numbered import X264, numbered

pytestmark = pytest.mark.anyio

RATE, MINUTES, GOP = 5, 10, 50
COUNT = RATE * MINUTES * 60
MOMENTS = (0.1, 7.9, 333.3, 599.7)
"""Seconds; the second and the last one are at the end of a GOP."""
AHEAD = 24
"""Frames that decoder threads, reordering and the frame after the wanted one add."""


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ten minutes of numbered frames, a key frame every ten seconds."""
    folder = tmp_path_factory.mktemp("long")
    gop = (*X264, "-g", str(GOP), "-bf", "2", "-qp", "1", "-movflags", "+faststart")
    path = numbered(folder / "long.mp4", COUNT, rate=str(RATE), video=gop, audio=())
    for name in ("long.mkv", "long.ts", "long.avi"):
        made(folder / name, "-i", str(path), "-c", "copy")
    return folder


@pytest.fixture
def watched(tmp_path: Path) -> Tools:
    """Tools that write what ffmpeg tells of itself into `*.log` files."""
    script = tmp_path / "watched-ffmpeg"
    report = f"FFREPORT=file={tmp_path}/%t-$$.log:level=40"
    script.write_text(f'#!/bin/sh\n{report} exec {shutil.which("ffmpeg")} "$@"\n')
    script.chmod(0o755)
    return Tools(ffmpeg=str(script))


def decoded(folder: Path) -> list[int]:
    """Frames of each run, the earliest first."""
    logs = sorted(folder.glob("*.log"), key=lambda log: log.stat().st_mtime_ns)
    return [int(re.findall(r"(\d+) frames decoded", log.read_text())[-1]) for log in logs]


@pytest.mark.parametrize("name", ["long.mp4", "long.mkv"])
@pytest.mark.parametrize("at", MOMENTS)
async def test_one_run_from_the_key_frame_on(
    filmed: Path, watched: Tools, tmp_path: Path, name: str, at: float
) -> None:
    shown = number(await Lab(watched, tmp_path).still(filmed / name, at))
    assert shown == int(at * RATE)
    [frames] = decoded(tmp_path)
    assert frames <= shown % GOP + 1 + AHEAD


@pytest.mark.parametrize("name", ["long.ts", "long.avi"])
async def test_never_from_the_start(filmed: Path, watched: Tools, tmp_path: Path, name: str) -> None:
    assert number(await Lab(watched, tmp_path).still(filmed / name, 333.3)) == 1666
    assert sum(decoded(tmp_path)) <= 60 * RATE + GOP + 4 * AHEAD


async def test_little_is_read_over_http(filmed: Path, tools: Tools, tmp_path: Path) -> None:
    path = filmed / "long.mp4"
    lab = Lab(tools, tmp_path)
    with served(path) as store:
        for at in MOMENTS:
            sent = store.sent
            assert number(await lab.still(path, at, target=store.url)) == int(at * RATE)
            assert store.sent - sent < path.stat().st_size / 4


class Store:
    """A file at `url`; `sent` counts the bytes that went over the wire."""

    url = ""
    sent = 0


@contextmanager
def served(path: Path) -> Iterator[Store]:
    """By HTTP, with ranges that may be open at the end, as storage has them."""
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
            super().setup()

        def do_GET(self) -> None:
            size = path.stat().st_size
            start, end = (self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")
            last = min(int(end or size), size - 1)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{last}/{size}")
            self.send_header("Content-Length", str(last + 1 - int(start)))
            self.end_headers()
            with path.open("rb") as file:
                file.seek(int(start))
                self._send(file, last + 1 - int(start))

        def _send(self, file: BinaryIO, left: int) -> None:
            while left and (chunk := file.read(min(left, 1 << 14))):
                try:
                    self.wfile.write(chunk)
                except OSError:
                    return
                store.sent += len(chunk)
                left -= len(chunk)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    store.url = f"http://127.0.0.1:{server.server_address[1]}/object"
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
