"""Users of the videocraft contract, and what their movies are made of."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.integration.api_keys import api_key
from tests.integration.warehouse import Warehouse
from tests.media.speech.said import FOLDER, LIBRIVOX
from tests.stack.harness import NO_TLS, Stack, wait_until

Json = dict[str, Any]
API = "/api/v1"
ENDS = ("completed", "failed", "cancelled")
SPEECH = FOLDER / LIBRIVOX
FIRST, SECOND, THIRD, FOURTH, FIFTH = (
    SPEECH / f"sense_and_sensibility_01_austen_64kb-{number}.wav"
    for number in ("0870", "0880", "0890", "0920", "0930")
)


class Director:
    """`user_id` with an API key of his own, and a CSRF token."""

    def __init__(self, stack: Stack, user_id: str) -> None:
        self.key = api_key(stack, user_id, "read", "write")
        self.http = httpx.Client(
            base_url=stack.url, timeout=60, headers={"Authorization": f"Bearer {self.key}"}, verify=NO_TLS
        )
        self.http.headers["X-CSRF-Token"] = self.get("csrf-token")["csrf_token"]

    def get(self, path: str, **query: Any) -> Json:
        answer = self.http.get(f"{API}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()["data"]
        return found

    def post(self, movie: Any) -> httpx.Response:
        return self.http.post(f"{API}/generate-video", json=movie)

    def generate(self, movie: Json) -> str:
        answer = self.post(movie)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["data"]["job_id"])

    def ended(self, job_id: str, within: float = 100) -> Json:
        """The status of a job that has ended."""
        wait_until(lambda: self.get(f"jobs/{job_id}/status")["status"] in ENDS, within)
        return self.get(f"jobs/{job_id}/status")

    def made(self, movie: Json, within: float = 100) -> tuple[str, str]:
        """Ids of the job and of the video of a movie that is completed."""
        job_id = self.generate(movie)
        ended = self.ended(job_id, within)
        assert ended["status"] == "completed", self.get(f"jobs/{job_id}")
        return job_id, str(ended["result"]["video_id"])

    def download(self, video_id: str, into: Path) -> Path:
        answer = self.http.get(f"{API}/videos/{video_id}/download")
        assert answer.status_code == 200, answer.text
        path = into / f"{video_id}.mp4"
        path.write_bytes(answer.content)
        return path

    def steps(self, job_id: str) -> dict[str, Json]:
        return {each["step"]: each for each in self.get(f"jobs/{job_id}")["processing_log"]}


class Props:
    """Media in a warehouse, by URL."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self.warehouse = warehouse
        self._folder = folder

    def speech(self, path: Path) -> str:
        return self.warehouse.put(path, "audio/wav")

    def make(self, name: str, content_type: str, *args: str) -> str:
        """The URL of what ffmpeg makes with `args`."""
        path = self._folder / name
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *args, str(path)], check=True, timeout=60)
        return self.warehouse.put(path, content_type)

    def picture(self, name: str, colour: str, size: str = "320x180") -> str:
        source = f"color={colour}:s={size},format=rgba"
        return self.make(name, "image/png", "-f", "lavfi", "-i", source, "-frames:v", "1")

    def text(self, name: str, content: str, content_type: str = "text/plain") -> str:
        path = self._folder / name
        path.write_text(content)
        return self.warehouse.put(path, content_type)


def audio(src: str, **more: Any) -> Json:
    return {"type": "audio", "src": src, **more}


def image(src: str, **more: Any) -> Json:
    return {"type": "image", "src": src, **more}


def subtitles(**settings: Any) -> Json:
    return {"type": "subtitles", "language": "en", "settings": settings}


def movie(*scenes: Json, elements: list[Json] | None = None, **more: Any) -> Json:
    small = {"resolution": "320x180", "quality": "low", "fps": 25}
    return {"scenes": list(scenes), "elements": elements or [], **small, **more}
