"""A user of the running stack, and an operator who reaches behind it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import nats
import psutil
from websockets.sync.client import connect

from libs.chassis.codec import decode, encode
from libs.contracts.base import Message, Method
from libs.contracts.errors import error_of
from libs.contracts.jobs import EnhanceSpec, Job
from libs.contracts.media import PUBLIC_OWNER
from libs.contracts.rpc import (
    GET_JOBS,
    SUBMIT_JOBS,
    GetJobs,
    RpcError,
    Submission,
    SubmitJobs,
    reply_type,
)
from reelbus.stack.connection import StackConnection, load
from tests.stack.harness import NO_TLS, Stack, pause, wait_until

ENHANCE, EXTRACT = "enhance", "extract_metadata"
PROCESSES = {"video_enhancement": ENHANCE, "metadata_extraction": EXTRACT}
_STATUS = {ENHANCE: "video-enhancement-status", EXTRACT: "metadata-extraction-status"}
Json = dict[str, Any]


class Socket:
    """A WebSocket client that keeps everything it was told."""

    def __init__(self, url: str) -> None:
        self.messages: list[Json] = []
        self.times: list[float] = []
        self._connection = connect(url, open_timeout=10, legacy=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for text in self._connection:
            self.messages.append(json.loads(text))
            self.times.append(time.monotonic())

    def send(self, text: str) -> None:
        self._connection.send(text)

    def close(self) -> None:
        self._connection.close()
        self._thread.join(10)

    def updates(self, file_id: str, process: str) -> list[Json]:
        return [
            message
            for message in list(self.messages)
            if message.get("file_id") == file_id and message.get("process_type") == process
        ]

    def ends(self, file_id: str) -> list[Json]:
        return [
            message
            for process in PROCESSES
            for message in self.updates(file_id, process)
            if message["status"] in ("completed", "failed")
        ]

    def wait_ends(self, file_id: str, within: float = 60) -> list[Json]:
        """Both processes have ended."""
        wait_until(lambda: len(self.ends(file_id)) >= 2, within)
        return self.ends(file_id)


class User:
    """Calls the public API of a stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx.Client(base_url=stack.url, timeout=60, verify=NO_TLS)

    def try_upload(
        self, path: Path, *, client_id: str | None = None, mime: str = "video/mp4", name: str | None = None
    ) -> httpx.Response:
        with path.open("rb") as file:
            fields = {"client_id": client_id} if client_id else {}
            return self.http.post("/upload", data=fields, files={"file": (name or path.name, file, mime)})

    def upload(self, path: Path, **options: Any) -> str:
        answer = self.try_upload(path, **options)
        assert answer.status_code == 200, answer.text
        file_id: str = answer.json()["file_id"]
        return file_id

    @contextmanager
    def socket(self, client_id: str) -> Iterator[Socket]:
        socket = Socket(f"{self.stack.url.replace('http', 'ws', 1)}/ws/{client_id}")
        try:
            yield socket
        finally:
            socket.close()

    def status(self, file_id: str, process: str) -> Json:
        answer = self.http.get(f"/internal/{_STATUS[process]}/{file_id}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def wait_for(self, file_id: str, process: str, *statuses: str, within: float = 60) -> Json:
        """Until the process has one of the statuses (default: it has ended)."""
        wanted = statuses or ("completed", "failed")
        began = time.monotonic()
        while (found := self._patient_status(file_id, process)) is None or found["status"] not in wanted:
            waited = time.monotonic() - began
            assert waited < within, f"{process} of {file_id} is {found}, not {wanted}"
            time.sleep(pause(waited))
        return found

    def _patient_status(self, file_id: str, process: str) -> Json | None:
        """`None` while the answer is a 5xx, as during a restart of the database."""
        answer = self.http.get(f"/internal/{_STATUS[process]}/{file_id}")
        assert answer.status_code == 200 or answer.status_code >= 500, answer.text
        return answer.json() if answer.status_code == 200 else None

    def wait_encoding(self, file_id: str, within: float = 60) -> None:
        """Until the enhancement has made visible progress."""

        def moving() -> bool:
            found = self._patient_status(file_id, ENHANCE)
            return found is not None and found["status"] == "processing" and found["progress"] > 2

        wait_until(moving, within, every=0.05)


class Operator:
    """Looks behind the API of a stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    @property
    def connection(self) -> StackConnection:
        return load(self.stack.data)

    def call(self, method: Method[Any], request: Message) -> Any:
        """A remote call as services make it; raises the named error that comes back."""

        async def call() -> Any:
            client = await nats.connect(self.connection.nats_url)
            try:
                answer = await client.request(method.subject, encode(request), timeout=method.timeout)
            finally:
                await client.close()
            reply = decode(answer.data, reply_type(method))
            if isinstance(reply, RpcError):
                raise error_of(reply.code, reply.message, reply.details)
            return reply.value

        return asyncio.run(call())

    def job(self, file_id: str, process: str = ENHANCE) -> Job:
        found = self.call(GET_JOBS, GetJobs(owner=PUBLIC_OWNER, keys=[f"{process}/{file_id}"]))
        job: Job = found.jobs[0]
        return job

    def resubmit(self, file_id: str) -> Job:
        """Submit the enhancement of a file once more, as an edge does that got no answer."""
        submission = Submission(key=f"{ENHANCE}/{file_id}", spec=EnhanceSpec(asset_id=UUID(file_id)))
        request = SubmitJobs(owner=PUBLIC_OWNER, family="enhancement", submissions=[submission])
        job: Job = self.call(SUBMIT_JOBS, request).jobs[0]
        return job

    def scratch_files(self) -> list[Path]:
        """Files of tasks that lie in the workers' scratch folders."""
        files = (self.stack.data / "scratch").rglob("*")
        return [path for path in files if path.is_file() and path.name != ".lock"]

    def sql(self, query: str, *arguments: Any) -> list[Any]:
        """Rows of a query, read with the services' own credentials."""

        async def fetch() -> list[Any]:
            url = self.connection.database_url.replace("postgresql+asyncpg", "postgresql")
            connection = await asyncpg.connect(url)
            try:
                return [tuple(row) for row in await connection.fetch(query, *arguments)]
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def delete_object(self, key: str) -> None:
        """Remove a stored object behind the services' backs."""
        storage = self.connection.storage()
        try:
            asyncio.run(storage.delete(key))
        finally:
            storage.close()

    def encoders(self, service: str = "transcode") -> dict[str, list[psutil.Process]]:
        """Running ffmpeg processes by the replica of `service` that they belong to."""
        found: dict[str, list[psutil.Process]] = {}
        for name, process in self.stack.processes().items():
            with suppress(psutil.Error):  # one that just went away
                if name.startswith(service) and process["pid"]:
                    children = psutil.Process(process["pid"]).children(recursive=True)
                    if encoding := [child for child in children if child.name() == "ffmpeg"]:
                        found[name] = encoding
        return found

    def encoder(self) -> tuple[str, psutil.Process]:
        """The one replica that encodes right now, and its ffmpeg."""
        ((name, (process,)),) = self.encoders().items()
        return name, process

    @contextmanager
    def frozen(self, service: str = "transcode", count: int = 1) -> Iterator[dict[str, list[psutil.Process]]]:
        """So many encoders of `service` at least, which stand still from when they are seen to the end of the
        block: what happens in it happens in mid-encode, however small the video is."""
        stopped: list[psutil.Process] = []

        def freeze() -> bool:
            running = [encoder for encoding in self.encoders(service).values() for encoder in encoding]
            for encoder in running:
                with suppress(psutil.NoSuchProcess):  # one that was done just before
                    encoder.suspend()
                    stopped.append(encoder)
            return sum(_stands_still(encoder) for encoder in running) >= count

        try:
            wait_until(freeze, 30, every=0.02)
            yield self.encoders(service)
        finally:
            for encoder in stopped:
                with suppress(psutil.NoSuchProcess):
                    encoder.resume()

    def kill(self, name: str, signal: int = 9) -> None:
        """Send a signal to a process of the stack (default: SIGKILL)."""
        psutil.Process(self.stack.process(name)["pid"]).send_signal(signal)

    def restart(self, name: str) -> None:
        """SIGKILL a process and wait until it is back and ready."""
        restarts = self.stack.process(name)["restarts"]
        self.kill(name)
        self.stack.wait_for(name, "ready", restarts=restarts + 1)

    def restart_storage(self, service: str = "transcode") -> None:
        """Three times, the first while `service` encodes: what it makes cannot be stored at once."""
        restarts = self.stack.process("s3")["restarts"]
        with self.frozen(service):
            self.kill("s3")
        self.stack.wait_for("s3", "ready", restarts=restarts + 1)
        for _ in range(2):
            self.restart("s3")


def _stands_still(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() == psutil.STATUS_STOPPED)
    return False


def unique_copy(source: Path, folder: Path, *, loops: int = 0, suffix: str | None = None) -> Path:
    """The clip played `loops` times more, without encoding, with bytes that nobody has uploaded before."""
    target = folder / f"{uuid4().hex[:8]}{suffix or source.suffix}"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-stream_loop", str(loops), "-i", str(source), "-map", "0", "-c", "copy",
         "-metadata", f"title={uuid4().hex}", str(target)],
        check=True,
    )  # fmt: skip
    return target
