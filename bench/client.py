"""Clients that cost next to nothing, so that the server is what is measured."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

TIMEOUT = 600.0


@dataclass(frozen=True)
class Posted:
    """A finished upload; `seconds` from the connection to the answer, `cpu` what this client used."""

    file_id: str
    seconds: float
    cpu: float


def post_file(port: int, path: Path, client_id: str = "bench") -> Posted:
    """`POST /upload` of a file on disk by `sendfile`. Raises `RuntimeError` for any answer but 200."""
    boundary = uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n{client_id}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
        "Content-Type: video/mp4\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    length = len(head) + path.stat().st_size + len(tail)
    request = (
        f"POST /upload HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()
    begun, cpu = time.perf_counter(), time.thread_time()
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection, path.open("rb") as file:
        connection.sendall(request + head)
        connection.sendfile(file)
        connection.sendall(tail)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    found = _body(answer)
    return Posted(found["file_id"], time.perf_counter() - begun, time.thread_time() - cpu)


def _body(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"The upload was answered with {answer[:300]!r}")
    start, end = body.index(b"{"), body.rindex(b"}") + 1  # the body may be chunked
    found: dict[str, Any] = json.loads(body[start:end])
    return found
