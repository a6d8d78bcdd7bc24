"""Storage behind a proxy that holds one request, or its answer, until it is told to go on."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import psutil

Matches = Callable[[str, str], bool]
"""Of a method and a path with its query."""
PATIENCE = 60.0


def storing(method: str, path: str) -> bool:
    """A whole object."""
    return method == "PUT" and "uploadId=" not in path


def beginning(method: str, path: str) -> bool:
    """An upload in parts."""
    return method == "POST" and "uploads" in urlsplit(path).query


def storing_a_part(method: str, path: str) -> bool:
    return method == "PUT" and "uploadId=" in path


def completing(method: str, path: str) -> bool:
    return method == "POST" and "uploadId=" in path


class Hold:
    """Holds the first request that `matches` before its body is read; with `answer` it reaches storage, and
    what storage says to it is held."""

    def __init__(self, matches: Matches, *, answer: bool) -> None:
        self.answer = answer
        self.passed = threading.Event()
        """Storage has answered what was held, or will not be asked because the asker has gone."""
        self._matches = matches
        self._ends: list[tuple[int, int]] = []
        """Ports of who asked and of whom he asked; his alone another connection elsewhere may have too."""
        self._reached, self._released = threading.Event(), threading.Event()

    def takes(self, method: str, path: str, ends: tuple[int, int]) -> bool:
        """Whether to hold this request, which came from the first port to the second."""
        if self._ends or not self._matches(method, path):
            return False
        self._ends.append(ends)
        return True

    def stay(self) -> None:
        self._reached.set()
        self._released.wait(PATIENCE)

    def let_go(self) -> None:
        self._released.set()

    def release(self) -> None:
        """Let it go on, and wait until it has arrived."""
        self.let_go()
        if self._reached.is_set():
            assert self.passed.wait(PATIENCE), "storage did not answer what was held"

    def wait(self) -> int:
        """Until a request is held; the process that made it."""
        assert self._reached.wait(PATIENCE), "no such request came"
        links = [(each.pid, each.laddr, each.raddr) for each in psutil.net_connections("tcp") if each.pid]
        (pid,) = {pid for pid, near, far in links if near and far and (near.port, far.port) == self._ends[0]}
        return pid


class Holding:
    """Passes everything on to `target` as it is (`Host` is signed) but for what is held."""

    def __init__(self, target: str) -> None:
        self.netloc = urlsplit(target).netloc
        self.hold: Hold | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"holding": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def holding(self, matches: Matches, *, answer: bool = False) -> Iterator[Hold]:
        """Released at the end at the latest."""
        hold = self.hold = Hold(matches, answer=answer)
        try:
            yield hold
        finally:
            self.hold = None
            hold.release()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    holding: Holding

    def log_message(self, *_: object) -> None:
        """Requests are not logged."""

    def _pass(self) -> None:
        hold = self.holding.hold
        ends = (self.client_address[1], self.connection.getsockname()[1])
        if hold is None or not hold.takes(self.command, self.path, ends):
            self._relay(None)
            return
        try:
            self._relay(hold)
        finally:
            hold.passed.set()

    def _relay(self, hold: Hold | None) -> None:
        if hold is not None and not hold.answer:
            hold.stay()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # given up in the middle: storage is to see nothing of it
            self.close_connection = True
            return
        with closing(http.client.HTTPConnection(self.holding.netloc, timeout=PATIENCE)) as upstream:
            self._forward(upstream, body)
            answer = upstream.getresponse()
            content = answer.read()
        if hold is not None:
            if hold.answer:
                hold.stay()
            hold.passed.set()
        with suppress(ConnectionError):  # who asked was stopped meanwhile
            self._answer(answer, content)

    def _forward(self, upstream: http.client.HTTPConnection, body: bytes) -> None:
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":
                upstream.putheader(name, value)
        upstream.endheaders(body)

    def _answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        if answer.status != 204:
            self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(content)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """`do_GET` and the like."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self._pass
