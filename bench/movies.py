"""A user of the videocraft contract."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from bench.stack import Stack

LIMIT = 1800.0
POLL = 0.05
"""Seconds."""
_API = "/api/v1"


class Director:
    """Somebody with an API key and a CSRF token. Raises `RuntimeError` for any answer but a good one."""

    def __init__(self, stack: Stack) -> None:
        key = stack.reelbus("keys", "create", "--user", f"bench-{uuid4().hex[:8]}").strip().splitlines()[-1]
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=stack.url, timeout=LIMIT, headers=headers, trust_env=False)
        self._http.headers["X-CSRF-Token"] = self._data(self._http.get(f"{_API}/csrf-token"))["csrf_token"]

    def upload(self, path: Path) -> str:
        """What a movie calls a file, of whatever kind."""
        with path.open("rb") as file:
            parts = {"file": (path.name, file, "video/mp4")}
            answer = self._http.post("/upload", data={"client_id": "bench"}, files=parts)
        return str(_checked(answer)["file_id"])

    def make(self, movie: dict[str, Any]) -> tuple[float, str]:
        """Seconds from the request until the movie is there, and the id of its job."""
        begun = time.perf_counter()
        job_id = self._data(self._http.post(f"{_API}/generate-video", json=movie))["job_id"]
        while (status := self.job(f"{job_id}/status")["status"]) != "completed":
            if status == "failed":
                raise RuntimeError(f"The job failed: {self.job(job_id)}")
            time.sleep(POLL)
        return time.perf_counter() - begun, str(job_id)

    def job(self, path: str) -> Any:
        return self._data(self._http.get(f"{_API}/jobs/{path}"))

    def steps(self, job_id: str) -> dict[str, float]:
        """Seconds of each step."""
        return {each["step"]: each["duration"] for each in self.job(job_id)["processing_log"]}

    def _data(self, answer: httpx.Response) -> Any:
        return _checked(answer)["data"]


def _checked(answer: httpx.Response) -> Any:
    if answer.status_code not in (200, 202):
        raise RuntimeError(f"{answer.request.url.path} was answered with {answer.text[:300]}")
    return answer.json()
