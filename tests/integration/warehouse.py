"""A web server with media in it, on a loopback address that the stack may fetch from. Some of its shelves are
slow, lie about what is on them, or lead elsewhere."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST, NETWORK = "127.8.0.1", "127.8.0.0/16"
_DRIP = 2048
"""Bytes."""


class Warehouse:
    """Serves files by their names: `/name`, and `/slow/name` at 20 kB a second; `/away` is 503, `/home`
    redirects to this machine's own address."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[Path, str]] = {}
        self.asked: list[str] = []
        self.open = 0
        shelves = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shelves.asked.append(self.path)
                shelves.open += 1
                try:
                    self._answer()
                except (BrokenPipeError, ConnectionResetError):
                    pass  # whoever asked went away
                finally:
                    shelves.open -= 1

            def _answer(self) -> None:
                *slow, name = self.path.partition("?")[0].strip("/").split("/")
                if name == "away":
                    self.send_error(503)
                elif name == "home":
                    self.send_response(302)
                    self.send_header("Location", "http://127.0.0.1/secret")
                    self.end_headers()
                elif name not in shelves.files:
                    self.send_error(404)
                else:
                    path, kind = shelves.files[name]
                    self._send(path.read_bytes(), kind, slow=bool(slow))

            def _send(self, data: bytes, kind: str, *, slow: bool) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                step = _DRIP if slow else len(data)
                for start in range(0, len(data), step):
                    self.wfile.write(data[start : start + step])
                    if slow:
                        time.sleep(_DRIP / 20_000)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
                """Stay quiet."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def put(self, path: Path, content_type: str, name: str | None = None) -> str:
        """The URL of a file that lies here from now on."""
        self.files[name or path.name] = path, content_type
        return self.url(name or path.name)

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.port}/{name}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
