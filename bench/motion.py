"""A client of the Motion Photo contract."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from bench.stack import Stack

LIMIT = 600.0


class Motion:
    """One session. Raises `RuntimeError` for any answer but 200."""

    def __init__(self, stack: Stack, clip: Path) -> None:
        self._http = httpx.Client(base_url=stack.url, timeout=LIMIT)
        with clip.open("rb") as file:
            answer = self._post("/prepare", files={"file": (clip.name, file, "video/mp4")})
        self.session_id: str = answer.json()["session_id"]

    def convert(self, start: float, end: float, cover: float, speed: float = 1.0) -> tuple[float, bytes]:
        """Seconds until the Motion Photo was there, and the file."""
        fields = {"range_start": start, "range_end": end, "cover_time": cover, "speed": speed}
        begun = time.perf_counter()
        answer = self._post("/convert", data={"session_id": self.session_id, **fields})
        return time.perf_counter() - begun, answer.content

    def thumbnail(self, at: float) -> float:
        """Seconds until the frame was there."""
        begun = time.perf_counter()
        self._post("/thumbnail", json={"session_id": self.session_id, "timestamp": at})
        return time.perf_counter() - begun

    def cleanup(self) -> None:
        self._post("/cleanup", json={"session_id": self.session_id})

    def _post(self, path: str, **body: Any) -> httpx.Response:
        answer = self._http.post(path, **body)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered with {answer.text[:300]}")
        return answer
