"""The health check of containers, as a runtime runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class _Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()
        self.wfile.write(b'{"checks":{"bus":"no answer"}}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Stay quiet."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def check(port: int, *arguments: str, host: str = "0.0.0.0") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "REELBUS_HTTP_HOST": host, "REELBUS_HTTP_PORT": str(port)}
    command = [sys.executable, "-m", "libs.chassis.healthcheck", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=20, check=False)


def test_a_ready_service_is_healthy(port: int) -> None:
    assert check(port).returncode == 0


def test_the_reason_is_told(port: int) -> None:
    done = check(port, "/live")
    assert done.returncode == 1
    assert "503" in done.stderr
    assert "no answer" in done.stderr


def test_nobody_there_is_not_healthy(port: int) -> None:
    done = check(port, host="127.0.0.3")
    assert done.returncode == 1
    assert "/ready does not answer" in done.stderr


def test_it_loads_only_the_standard_library() -> None:
    code = "import sys, libs.chassis.healthcheck; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True
    )
    assert set(done.stdout.split()) <= {"__main__", "libs", *sys.stdlib_module_names}
