"""The examples of the Motion Photo document, run as they stand there."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = {
    "health": """
curl -I -H "Authorization: Bearer your_token" http://localhost:8000/health
""",
    "prepare": """
curl -X POST \\
  -H "Authorization: Bearer your_token" \\
  -F "file=@video.mp4" \\
  http://localhost:8000/prepare
""",
    "convert": """
curl -X POST \\
  -H "Authorization: Bearer your_token" \\
  -d "session_id=abc123&range_start=0&range_end=5&cover_time=2.5&speed=1.5" \\
  http://localhost:8000/convert \\
  -o motion_photo.jpg
""",
    "thumbnail": """
curl -X POST \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer your_token" \\
  -d '{"session_id":"abc123","timestamp":2.5}' \\
  http://localhost:8000/thumbnail \\
  -o thumbnail.jpg
""",
    "cleanup": """
curl -X POST \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer your_token" \\
  -d '{"session_id":"abc123"}' \\
  http://localhost:8000/cleanup
""",
}
"""Word for word."""

_TOKEN = ' -H "Authorization: Bearer your_token"'


@dataclass(frozen=True)
class Said:
    status: int
    out: str


class Curl:
    """Runs examples in `folder`, where `video.mp4` lies, against `url`; without `token` the header is left
    out."""

    def __init__(self, url: str, folder: Path, token: str | None) -> None:
        self._url = url
        self._folder = folder
        self._token = token

    def __call__(self, example: str, session_id: str = "abc123") -> Said:
        text = EXAMPLES[example].replace("\\\n ", "")
        text = text.replace(_TOKEN, "") if self._token is None else text.replace("your_token", self._token)
        text = text.replace("http://localhost:8000", self._url).replace("abc123", session_id)
        done = subprocess.run(
            [*shlex.split(text), "-sS", "-w", "%{stderr}%{http_code}"],
            cwd=self._folder,
            capture_output=True,
            check=True,
            timeout=60,
            text=True,
        )
        return Said(int(done.stderr), done.stdout)
