"""A load generator in a process of its own: `python -m bench.load PORT CONNECTIONS SECONDS PACE < requests`.

Each connection is kept alive and has one request under way: the next at once, or, with a pace (requests a
second over all connections, 0: none), when its time has come, from which its latency counts. Prints JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

import uvloop

CONNECTIONS = 48
WARM_UP = 0.5


@dataclass(frozen=True)
class Request:
    """`headers` are sent beside those that every request has, `body` is text."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def encoded(self, port: int) -> bytes:
        length = {"Content-Length": str(len(self.body.encode()))} if self.body else {}
        headers = {"Host": f"127.0.0.1:{port}", **self.headers, **length}
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {text}" for name, text in headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()


@dataclass
class Rate:
    """Answers per second and their latency in milliseconds; `errors` are answers other than 200."""

    per_second: float
    p50: float
    p99: float
    errors: int
    cpu: float


@dataclass
class _Tally:
    requests: Iterator[bytes]
    pause: float
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    counting: bool = False


class _Connection(asyncio.Protocol):
    """`due` is when its first request is (seconds of the performance counter)."""

    def __init__(self, tally: _Tally, due: float) -> None:
        self._tally = tally
        self._buffer = b""
        self._due = due
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's is no subclass
        self._next()

    def _next(self) -> None:
        now = time.perf_counter()
        if self._tally.pause:
            self._due += self._tally.pause
            if self._due > now:
                asyncio.get_running_loop().call_later(self._due - now, self._send)
                return
        else:
            self._due = now
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.write(next(self._tally.requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        if self._tally.counting:
            self._tally.latencies.append(time.perf_counter() - self._due)
            self._tally.errors += b" 200 " not in head[:16]
        self._buffer = self._buffer[end + 4 + length :]
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.errors += self._tally.counting


async def _drive(port: int, seconds: float, connections: int, pace: float, requests: list[bytes]) -> Rate:
    tally = _Tally(itertools.cycle(requests), connections / pace if pace else 0.0)
    loop, begun = asyncio.get_running_loop(), time.perf_counter()
    opened = []
    for number in range(connections):
        making = partial(_Connection, tally, begun + number * tally.pause / connections)
        opened.append((await loop.create_connection(making, "127.0.0.1", port))[0])
    await asyncio.sleep(WARM_UP)
    tally.counting, begun, cpu = True, time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    tally.counting, took = False, time.perf_counter() - begun
    for transport in opened:
        transport.abort()
    cuts = statistics.quantiles(tally.latencies, n=100)
    return Rate(
        per_second=len(tally.latencies) / took,
        p50=cuts[49] * 1000,
        p99=cuts[98] * 1000,
        errors=tally.errors,
        cpu=time.process_time() - cpu,
    )


def drive(
    port: int,
    requests: Sequence[Request],
    *,
    seconds: float,
    connections: int = CONNECTIONS,
    pace: float = 0.0,
) -> Rate:
    """Run the generator against a port of this machine: `requests` over and over."""
    argv = [sys.executable, "-m", "bench.load", str(port), str(connections), str(seconds), str(pace)]
    text = json.dumps([asdict(each) for each in requests])
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
    return Rate(**json.loads(done.stdout))


def main() -> None:
    port, connections = map(int, sys.argv[1:3])
    seconds, pace = map(float, sys.argv[3:5])
    requests = [Request(**each).encoded(port) for each in json.load(sys.stdin)]
    print(json.dumps(asdict(uvloop.run(_drive(port, seconds, connections, pace, requests)))))


if __name__ == "__main__":
    main()
