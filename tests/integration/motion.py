"""A user of Motion Photo sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from libs.media.motionphoto import MotionPhoto, read
from tests.stack.harness import NO_TLS, Stack

Json = dict[str, Any]
UNKNOWN = str(uuid4())


class Studio:
    """Calls the Motion Photo family at `url`; `headers` go with every request."""

    def __init__(self, where: Stack | str, **headers: str) -> None:
        url = where.url if isinstance(where, Stack) else where
        self.http = httpx.Client(base_url=url, timeout=120, headers=headers, verify=NO_TLS)

    def try_prepare(self, path: Path, *, name: str | None = None) -> httpx.Response:
        with path.open("rb") as file:
            return self.http.post(
                "/prepare", files={"file": (name or path.name, file, "application/octet-stream")}
            )

    def prepare(self, path: Path, *, name: str | None = None) -> Json:
        """The answer: `session_id`, `preview_url`, `duration`, `expires_at`."""
        answer = self.try_prepare(path, name=name)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def session(self, path: Path) -> str:
        session_id: str = self.prepare(path)["session_id"]
        return session_id

    def preview(self, prepared: Json, **headers: str) -> httpx.Response:
        return self.http.get(prepared["preview_url"], headers=headers)

    def try_convert(
        self, session_id: str, start: float, end: float, cover: float, speed: float = 1.0, **more: str
    ) -> httpx.Response:
        form = {
            "session_id": session_id,
            "range_start": str(start),
            "range_end": str(end),
            "cover_time": str(cover),
            "speed": str(speed),
            **more,
        }
        return self.http.post("/convert", data=form)

    def convert(
        self, session_id: str, start: float, end: float, cover: float, speed: float = 1.0, **more: str
    ) -> bytes:
        answer = self.try_convert(session_id, start, end, cover, speed, **more)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "image/jpeg"
        return answer.content

    def photo(
        self, session_id: str, start: float, end: float, cover: float, speed: float = 1.0
    ) -> MotionPhoto:
        """The converted file as the project's reader sees it."""
        return read(self.convert(session_id, start, end, cover, speed))

    def try_thumbnail(self, session_id: str, timestamp: Any) -> httpx.Response:
        return self.http.post("/thumbnail", json={"session_id": session_id, "timestamp": timestamp})

    def try_cleanup(self, session_id: str) -> httpx.Response:
        return self.http.post("/cleanup", json={"session_id": session_id})

    def cleanup(self, session_id: str) -> None:
        answer = self.try_cleanup(session_id)
        assert (answer.status_code, answer.json()) == (200, {"message": "清理成功"})


def preview_path(session_id: str) -> str:
    return f"/preview/{session_id}.mp4"


def refusal(answer: httpx.Response, status: int, code: str) -> str:
    """The words of a refusal that is just as the document says."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    body = answer.json()
    assert set(body) == {"detail", "error_code", "timestamp"}, body
    assert body["error_code"] == code, body
    assert body["timestamp"].endswith("Z")
    words: str = body["detail"]
    assert words
    assert isinstance(words, str)
    return words


def path_of(url: str) -> str:
    """Path and query of an absolute URL."""
    parts = urlsplit(url)
    assert parts.scheme
    assert parts.netloc
    return parts.path + (f"?{parts.query}" if parts.query else "")
