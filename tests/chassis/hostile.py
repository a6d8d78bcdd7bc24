"""HTTP servers that misbehave, and fetchers that may go to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from libs.chassis.fetch import Address, Fetcher, FetchRules

LOOPBACK = ("127.0.0.1", "::1")
PATIENT = {"connect_limit": 10.0, "idle_limit": 10.0, "total_limit": 30.0, "least_rate": 0.0}


@dataclass(frozen=True)
class Stays:
    """An answer that begins so, and then sends `then` again and again; nothing more when that is empty. It
    lasts until the client goes away."""

    first: bytes
    then: bytes = b""
    pause: float = 0.0


Answer = bytes | Stays


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *(headers or [f"Content-Length: {len(body)}"]), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def redirect(location: str) -> bytes:
    return answer(b"", f"Location: {location}", "Content-Length: 0", status="302 Found")


def allowed(address: Address) -> bool:
    return str(address) in LOOPBACK


class Server:
    """Answers each path, then closes. `requests` are heads as they came."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        self.requests: list[str] = []
        self.port = 0
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Server]:
        """Every connection must be gone a moment after the block: that of a failed download, too."""
        listening = await asyncio.start_server(self._serve, host, port, ssl=tls)
        self.port = listening.sockets[0].getsockname()[1]
        try:
            yield self
            if self._open:
                _, left = await asyncio.wait(self._open, timeout=5)
                assert not left, "a connection was left open"
        finally:
            listening.close()
            for task in self._open:
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            found = self.answers[head.split(" ")[1]]
            writer.write(found if isinstance(found, bytes) else found.first)
            await writer.drain()
            while isinstance(found, Stays) and not reader.at_eof():
                writer.write(found.then)
                await writer.drain()
                await (asyncio.sleep(found.pause) if found.then else reader.read())
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(task)
            writer.close()


class Names:
    """A resolver: each look-up of a name takes its next answer; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): list(found) for name, found in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        found = self._answers[host]
        return found.pop(0) if len(found) > 1 else found[0]


def rules(*servers: Server, **changes: Any) -> FetchRules:
    fields: dict[str, Any] = {
        "max_size": 1 << 20,
        "schemes": frozenset({"http", "https"}),
        "ports": frozenset(server.port for server in servers),
    }
    return FetchRules(**(fields | PATIENT | changes))


def fetcher(
    *servers: Server, names: Names | None = None, tls: ssl.SSLContext | None = None, **changes: Any
) -> Fetcher:
    """One that may go to `LOOPBACK`, and to the ports of `servers`."""
    extra: dict[str, Any] = {"resolve": names} if names else {}
    return Fetcher(rules(*servers, **changes), allowed=allowed, tls=tls, **extra)


async def content(fetcher: Fetcher, url: str) -> bytes:
    async with fetcher.open(url) as fetched:
        return b"".join([chunk async for chunk in fetched.chunks])


def literal(host: str, port: int) -> str:
    """A URL of an address."""
    return f"http://[{host}]:{port}" if ip_address(host).version == 6 else f"http://{host}:{port}"
