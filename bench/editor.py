"""A client of the video editor."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from bench.stack import Stack

LIMIT = 1800.0


class Editor:
    """Calls `/video/*` with a request code of its own. Raises `RuntimeError` for any answer but 200."""

    def __init__(self, stack: Stack) -> None:
        self._http = httpx.Client(base_url=stack.url, timeout=LIMIT)
        self.code = uuid4().hex

    def upload(self, path: Path) -> int:
        with path.open("rb") as file:
            answer = self._http.put("/video/upload", files={"files": (path.name, file, "video/mp4")})
        return int(_body(answer)[0]["id"])

    def queue(self, process: str, **body: Any) -> int:
        """The id of the result."""
        answer = self._http.post(f"/video/process/{process}", json={"request_code": self.code, **body})
        return int(_body(answer)["video_id"])

    def trim(self, video: int, start: float, end: float) -> int:
        return self.queue("trim", video_id=video, trim_start=f"{start:.3f}s", trim_end=f"{end:.3f}s")

    def execute(self) -> float:
        """Seconds until the whole queue was done."""
        begun = time.perf_counter()
        _body(self._http.post("/video/process/execute", json={"request_code": self.code}))
        return time.perf_counter() - begun

    def fetch(self, video: int, target: Path) -> Path:
        link = _body(self._http.get("/video/download", params={"video_id": video}))[0]["download_link"]
        target.write_bytes(self._http.get(urlsplit(link).path).content)
        return target


def _body(answer: httpx.Response) -> Any:
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.request.url.path} was answered with {answer.text[:300]}")
    return answer.json()
