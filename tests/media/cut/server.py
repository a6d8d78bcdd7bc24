"""A small storage over HTTP that can be told to misbehave."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Fault:
    """How one answer differs from a right one. `status` is answered instead; of the `body` only so many bytes
    are sent, then the connection breaks (`polite`: no more are promised); `silent` never answers; `changes`
    makes it another object from now on."""

    status: int | None = None
    body: int | None = None
    polite: bool = False
    chunked: bool = False
    silent: bool = False
    changes: bool = False

    def __str__(self) -> str:
        unusual = {name: value for name, value in vars(self).items() if value not in (None, False)}
        return " ".join(f"{name}={value}" for name, value in unusual.items())


@dataclass
class Store:
    """One object. `faults` are used up by the answers in order; `forever` holds for all after them."""

    data: bytes
    url: str = ""
    etag: str = '"one"'
    conditions: bool = True
    faults: list[Fault] = field(default_factory=list)
    forever: Fault | None = None
    asked: list[tuple[int, int]] = field(default_factory=list)
    connections: int = 0
    sent: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(data: bytes) -> Iterator[Store]:
    """The object at `Store.url`, for GET requests of ranges."""
    store = Store(data)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            store.connections += 1

        def do_GET(self) -> None:
            _answer(self, store)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    store.url = f"http://127.0.0.1:{server.server_address[1]}/object?signature=1"
    try:
        yield store
    finally:
        store.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, store: Store) -> None:
    fault = store.faults.pop(0) if store.faults else store.forever or Fault()
    store.etag = '"changed"' if fault.changes else store.etag
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
    if fault.silent:
        store.stopping.wait(30)
        _break(handler)
    elif fault.status is not None:
        _refuse(handler, fault.status)
    elif store.conditions and not _matches(handler.headers.get("If-Match"), store.etag):
        _refuse(handler, 412)
    elif wanted is None:
        _refuse(handler, 400)
    elif int(wanted[1]) >= len(store.data):
        _refuse(handler, 416, ("Content-Range", f"bytes */{len(store.data)}"))
    else:
        store.asked.append((int(wanted[1]), min(int(wanted[2]) + 1, len(store.data))))
        _give(handler, store, fault, *store.asked[-1])


def _matches(wanted: str | None, etag: str) -> bool:
    """The strong comparison of RFC 9110."""
    return wanted is None or (wanted == etag and etag.startswith('"'))


def _refuse(handler: BaseHTTPRequestHandler, status: int, *headers: tuple[str, str]) -> None:
    body = b"<Error>An answer in XML, as S3 gives it.</Error>"
    handler.send_response(status)
    for name, value in (*headers, ("Content-Length", str(len(body)))):
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _give(handler: BaseHTTPRequestHandler, store: Store, fault: Fault, start: int, end: int) -> None:
    told = end if not (fault.polite and fault.body is not None) else min(end, start + fault.body)
    body = store.data[start:told][: fault.body]
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes {start}-{told - 1}/{len(store.data)}")
    handler.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
    if store.etag:
        handler.send_header("ETag", store.etag)
    if fault.chunked:
        handler.send_header("Transfer-Encoding", "chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        handler.send_header("Content-Length", str(told - start))
    handler.end_headers()
    store.sent += len(body)
    handler.wfile.write(body)
    if fault.body is not None and not fault.polite and not fault.chunked:
        _break(handler)


def _break(handler: BaseHTTPRequestHandler) -> None:
    """Reset the connection: what is under way is sent first, then there is no end but an error."""
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
