"""A user of the jobs contract."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from websockets.sync.client import ClientConnection, connect

from bench.stack import Stack

LIMIT = 1800.0


class Worker:
    """Somebody with an API key. Raises `RuntimeError` for any answer but 200."""

    def __init__(self, stack: Stack, user_id: str = "") -> None:
        self.user_id = user_id or f"bench-{uuid4().hex[:8]}"
        self.key = stack.reelbus("keys", "create", "--user", self.user_id).strip().splitlines()[-1]
        self.headers = {"X-API-Key": self.key}
        self.socket_url = f"ws://127.0.0.1:{stack.public_port}/ws/{self.user_id}"
        self._http = httpx.Client(base_url=stack.url, timeout=LIMIT, headers=self.headers, trust_env=False)

    def upload(self, clip: Path) -> str:
        """The path of the stored file."""
        with clip.open("rb") as file:
            return str(self._post("/uploads", files={"file": (clip.name, file, "video/mp4")})["path"])

    def create(self, input_path: str, **wanted: Any) -> str:
        """The id of a VIDEO_EDIT."""
        return str(self._post("/jobs", json=new_edit(input_path, **wanted))["job_id"])

    def cancel(self, job_id: str) -> None:
        _body(self._http.delete(f"/jobs/{job_id}"))

    def edit(self, input_path: str, **wanted: Any) -> float:
        """Seconds from the request to the message that the job is completed."""
        with self.listening() as socket:
            begun = time.perf_counter()
            job_id = self.create(input_path, **wanted)
            while not ended(json.loads(socket.recv(LIMIT)), job_id):
                pass
            return time.perf_counter() - begun

    def listening(self) -> ClientConnection:
        """A socket of the jobs channel."""
        return connect(self.socket_url, additional_headers=self.headers, proxy=None)

    def _post(self, path: str, **body: Any) -> Any:
        return _body(self._http.post(path, **body))


def new_edit(input_path: str, **wanted: Any) -> dict[str, Any]:
    """The body of `POST /jobs`."""
    return {"job_type": "VIDEO_EDIT", "input_data": {"input_path": input_path, **wanted}}


def ended(message: dict[str, Any], job_id: str) -> bool:
    """Whether the message tells that the job is completed. Raises `RuntimeError` when it failed."""
    if message["data"].get("job_id") != job_id:
        return False
    if message["type"] == "JOB_ERROR":
        raise RuntimeError(f"The job failed: {message}")
    return bool(message["type"] == "JOB_COMPLETED")


def _body(answer: httpx.Response) -> Any:
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.request.url.path} was answered with {answer.text[:300]}")
    return answer.json()
