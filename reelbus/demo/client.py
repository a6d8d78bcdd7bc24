"""A client of the contracts, as anybody would write one: WebSocket first, then the upload."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from reelbus.demo.errors import DemoError

CHUNK = 256 << 10
QUIET = 30.0
"""Seconds without a message after which the status is asked for."""

PATIENCE = 330.0
"""Seconds for what the contract may take 300 s for."""

PROCESSES = {
    "video_enhancement": "/internal/video-enhancement-status",
    "metadata_extraction": "/internal/metadata-extraction-status",
}
TERMINAL = ("completed", "failed")
Message = dict[str, Any]


class Client:
    """One client id at the Reelbus at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.client_id = f"demo-{uuid4().hex[:12]}"
        self._http = httpx.AsyncClient(
            base_url=self.url, timeout=httpx.Timeout(60.0, connect=5.0), trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def channel(self) -> AsyncIterator["Channel"]:
        """The open WebSocket, which has said hello."""
        address = self.url.replace("http", "ws", 1) + f"/ws/{self.client_id}"
        try:
            async with connect(address, proxy=None, open_timeout=10) as socket:
                channel = Channel(socket)
                if (await channel.next())["type"] != "connection":
                    raise DemoError(f"{address} does not speak as Reelbus does.")
                yield channel
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise DemoError(f"No Reelbus answers at {self.url}: {_words(error)}.") from error
        except WebSocketException as error:
            raise DemoError(f"The WebSocket was lost: {_words(error)}.") from error

    async def upload(self, path: Path, on_sent: Callable[[int, int], None]) -> str:
        """The file id. `on_sent` hears how many bytes of how many are on their way."""
        boundary, size = uuid4().hex, path.stat().st_size
        head, tail = _form(boundary, self.client_id, path.name)

        async def body() -> AsyncIterator[bytes]:
            yield head
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk
                    on_sent(file.tell(), size)
            yield tail

        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + size + len(tail)),
        }
        answer = await self._ask("POST", "/upload", content=body(), headers=headers)
        return str(answer.json()["file_id"])

    async def put_video(self, path: Path) -> int:
        """Upload to the editor; the video's id."""
        with path.open("rb") as file:
            files = {"files": (path.name, file, "video/mp4")}
            answer = await self._ask("PUT", "/video/upload", files=files)
        return int(answer.json()[0]["id"])

    async def prepare(self, path: Path) -> Message:
        """Open a Motion Photo session with a video."""
        with path.open("rb") as file:
            files = {"file": (path.name, file, "video/mp4")}
            answer: Message = (await self._ask("POST", "/prepare", files=files, timeout=PATIENCE)).json()
        return answer

    async def convert(self, form: dict[str, str]) -> bytes:
        """A Motion Photo."""
        return (await self._ask("POST", "/convert", data=form, timeout=PATIENCE)).content

    async def post(self, path: str, body: Message, headers: dict[str, str] | None = None) -> Message:
        """The answer to a JSON body."""
        answer: Message = (await self._ask("POST", path, json=body, headers=headers)).json()
        return answer

    async def get(self, path: str) -> Message:
        answer: Message = (await self._ask("GET", path)).json()
        return answer

    async def status(self, process: str, file_id: str) -> Message:
        """What the status endpoint of `process` says, in the shape of a WebSocket message."""
        found = (await self._ask("GET", f"{PROCESSES[process]}/{file_id}")).json()
        return {"type": "status_update", "file_id": file_id, "process_type": process, **found}

    async def fetch(self, path: str) -> tuple[bytes, str]:
        """A small file and its content type."""
        answer = await self._ask("GET", path)
        return answer.content, answer.headers.get("content-type", "")

    async def download(self, path: str, unnamed: Path, extensions: dict[str, str]) -> Path:
        """Stream a file to `unnamed`, with the extension of its content type where `extensions` has it."""
        try:
            async with self._http.stream("GET", path) as answer:
                answer.raise_for_status()
                kind = answer.headers.get("content-type", "").split(";")[0]
                target = unnamed.with_suffix(f".{extensions[kind]}") if kind in extensions else unnamed
                with target.open("wb") as file:
                    async for chunk in answer.aiter_bytes(CHUNK):
                        file.write(chunk)
        except httpx.HTTPError as error:
            raise DemoError(f"Cannot download {path}: {_words(error)}.") from error
        return target

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise DemoError(f"{method} {path} failed: {_words(error)}.") from error
        if answer.is_error:
            raise DemoError(f"{method} {path} was answered with {answer.status_code}: {_detail(answer)}")
        return answer


class Channel:
    """Messages of one WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def next(self) -> Message:
        """The next message; `TimeoutError` when there is none for a while."""
        async with asyncio.timeout(QUIET):
            message: Message = json.loads(await self._socket.recv())
        return message


async def follow(client: Client, channel: Channel, file_id: str) -> AsyncIterator[Message]:
    """Status updates of the file until both processes have ended; asks when it hears nothing.

    Raises `DemoError` when nothing moves any more.
    """
    open_ones, last = set(PROCESSES), dict.fromkeys(PROCESSES, (-1.0, ""))
    while open_ones:
        try:
            news = [await channel.next()]
        except TimeoutError:
            news = [await client.status(process, file_id) for process in sorted(open_ones)]
            if all(last[each["process_type"]] == (each["progress"], each["status"]) for each in news):
                raise DemoError(f"Nothing has moved for {QUIET:.0f} s. See: reelbus logs transcode") from None
        for message in news:
            if message["type"] != "status_update" or message["file_id"] != file_id:
                continue
            process = message["process_type"]
            last[process] = (message["progress"], message["status"])
            if message["status"] in TERMINAL:
                open_ones.discard(process)
            yield message


def _form(boundary: str, client_id: str, name: str) -> tuple[bytes, bytes]:
    safe = "".join(letter if letter.isprintable() and letter not in '"\\' else "_" for letter in name)
    field = f'--{boundary}\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n{client_id}\r\n'
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
    return f"{field}{file}Content-Type: video/mp4\r\n\r\n".encode(), f"\r\n--{boundary}--\r\n".encode()


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, LookupError, TypeError):
        return answer.text[:200]


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
