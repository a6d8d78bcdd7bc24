"""A load generator in a process of its own: `python -m bench.load PORT SECONDS CONNECTIONS < paths`.

Each connection is kept alive and has one request under way. Prints JSON.
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

import uvloop

CONNECTIONS = 48
WARM_UP = 0.5


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
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    counting: bool = False


class _Connection(asyncio.Protocol):
    def __init__(self, tally: _Tally) -> None:
        self._tally = tally
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's is no subclass
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
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
            self._tally.latencies.append(time.perf_counter() - self._sent)
            self._tally.errors += b" 200 " not in head[:16]
        self._buffer = self._buffer[end + 4 + length :]
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.errors += self._tally.counting


async def _drive(port: int, seconds: float, connections: int, paths: Sequence[str]) -> Rate:
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() for path in paths]
    tally = _Tally(itertools.cycle(requests))
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda: _Connection(tally), "127.0.0.1", port))[0]
        for _ in range(connections)
    ]
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


def drive(port: int, paths: Sequence[str], *, seconds: float, connections: int = CONNECTIONS) -> Rate:
    """Run the generator against a port of this machine."""
    argv = [sys.executable, "-m", "bench.load", str(port), str(seconds), str(connections)]
    done = subprocess.run(argv, input="\n".join(paths), capture_output=True, text=True, check=True)
    return Rate(**json.loads(done.stdout))


def main() -> None:
    port, seconds, connections = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    rate = uvloop.run(_drive(port, seconds, connections, sys.stdin.read().split()))
    print(json.dumps(asdict(rate)))


if __name__ == "__main__":
    main()
