"""A user of the video editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import httpx

from tests.stack.harness import NO_TLS, Stack

Json = dict[str, Any]


class Editor:
    """Calls `/video/*` with a request code of its own."""

    def __init__(self, stack: Stack) -> None:
        self.http = httpx.Client(base_url=stack.url, timeout=120, verify=NO_TLS)
        self.code = uuid4().hex

    def try_upload(self, *paths: Path, names: list[str] | None = None) -> httpx.Response:
        files = [
            ("files", (name, path.read_bytes(), "video/mp4"))
            for name, path in zip(names or [path.name for path in paths], paths, strict=True)
        ]
        return self.http.put("/video/upload", files=files)

    def upload(self, *paths: Path) -> list[int]:
        answer = self.try_upload(*paths)
        assert answer.status_code == 200, answer.text
        return [record["id"] for record in answer.json()]

    def post(self, process: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/video/process/{process}", json={"request_code": self.code, **body})

    def queue(self, process: str, **body: Any) -> int:
        """The id that is reserved for the result."""
        answer = self.post(process, **body)
        assert answer.status_code == 200, answer.text
        video_id: int = answer.json()["video_id"]
        return video_id

    def trim(self, video_id: int, start: float, end: float) -> int:
        """`start` and `end` in seconds."""
        times = {"trim_start": f"{start:.6f}s", "trim_end": f"{end:.6f}s"}
        return self.queue("trim", video_id=video_id, **times)

    def concat(self, *video_ids: int) -> int:
        return self.queue("concat", video_ids=list(video_ids))

    def encode(self, video_id: int, **changes: Any) -> int:
        return self.queue("encoding", video_id=video_id, **changes)

    def execute(self) -> None:
        answer = self.post("execute")
        assert answer.status_code == 200, answer.text
        assert answer.json()["message"] == (
            f"All pending jobs for request_code {self.code} executed successfully"
        )

    def link(self, video_id: int) -> str:
        answer = self.http.get("/video/download", params={"video_id": video_id})
        assert answer.status_code == 200, answer.text
        link: str = answer.json()[0]["download_link"]
        return link

    def fetch(self, video_id: int, folder: Path) -> Path:
        """The result, downloaded."""
        link = self.link(video_id)
        answer = self.http.get(link)
        assert answer.status_code == 200, answer.text
        path = folder / unquote(urlsplit(link).path).rpartition("/")[2]
        path.write_bytes(answer.content)
        return path

    def info(self, video_id: int) -> Json:
        answer = self.http.get("/video/view/info", params={"video_id": video_id})
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def records(self) -> list[Json]:
        """All videos, page after page."""
        found: list[Json] = []
        for page in range(1000):
            answer = self.http.get("/video/view/all", params={"skip": page, "limit": 1000})
            assert answer.status_code == 200, answer.text
            if not answer.json():
                break
            found += answer.json()
        return found

    def record(self, video_id: int) -> Json:
        return next(record for record in self.records() if record["id"] == video_id)
