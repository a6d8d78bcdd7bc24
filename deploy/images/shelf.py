"""A web server on a loopback address with files that services may fetch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

HOST, NETWORK = "127.9.0.1", "127.9.0.0/16"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Nothing to say."""


class Shelf:
    """What is put into `folder` is at `url(name)`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Shelf]:
        with TemporaryDirectory(prefix="reelbus-shelf-") as folder:
            server = ThreadingHTTPServer((HOST, 0), partial(_Quiet, directory=folder))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield cls(Path(folder), server.server_port)
            finally:
                server.shutdown()
                server.server_close()

    def put(self, path: Path) -> str:
        (self.folder / path.name).write_bytes(path.read_bytes())
        return self.url(path.name)

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.port}/{name}"
