"""Requests over plain ASGI, by clients that can go away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

Headers = list[tuple[bytes, bytes]]


class Visit:
    """One POST of `body` (or of several chunks, after which nothing comes and nothing ends)."""

    def __init__(
        self, app: Any, path: str, body: bytes | Sequence[bytes], headers: Headers | None = None
    ) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.read = 0
        self._ends = isinstance(body, bytes)
        self._chunks = [body] if isinstance(body, bytes) else list(body)
        self._gone = asyncio.Event()
        self.task = asyncio.create_task(self._run(app, path, headers or []))

    async def _run(self, app: Any, path: str, headers: Headers) -> None:
        scope = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [(b"host", b"media.test"), *headers], "scheme": "http", "http_version": "1.1",
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": "",
        }  # fmt: skip
        await app(cast("Any", scope), cast("Any", self._receive), cast("Any", self._send))

    async def _receive(self) -> dict[str, Any]:
        if self.read < len(self._chunks):
            chunk = self._chunks[self.read]
            self.read += 1
            more = not self._ends or self.read < len(self._chunks)
            return {"type": "http.request", "body": chunk, "more_body": more}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        self.body += message.get("body", b"")
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._gone.set()

    def leave(self) -> None:
        self._gone.set()


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)
