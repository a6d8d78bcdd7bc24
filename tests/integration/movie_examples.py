"""The examples of the videocraft document, as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLES = {
    "create": """
curl -X POST http://localhost:3002/api/v1/generate-video \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "X-CSRF-Token: CSRF_TOKEN" \\
  -d '{
    "scenes": [
      {
        "elements": [
          {
            "type": "audio",
            "src": "https://example.com/audio.mp3"
          }
        ]
      }
    ],
    "elements": [
      {
        "type": "subtitles",
        "settings": {
          "style": "progressive",
          "font-family": "Arial",
          "font-size": 24
        }
      }
    ]
  }'
""",
    "list videos": """
curl -H "Authorization: Bearer YOUR_API_KEY" \\
     "http://localhost:3002/api/v1/videos?limit=10&offset=0&status=completed"
""",
    "video": """
curl -H "Authorization: Bearer YOUR_API_KEY" \\
     http://localhost:3002/api/v1/videos/video_123
""",
    "download": """
curl -H "Authorization: Bearer YOUR_API_KEY" \\
     -o "video.mp4" \\
     http://localhost:3002/api/v1/videos/video_123/download
""",
    "delete": """
curl -X DELETE \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "X-CSRF-Token: CSRF_TOKEN" \\
  http://localhost:3002/api/v1/videos/video_123
""",
    "list jobs": """
curl -H "Authorization: Bearer YOUR_API_KEY" \\
     "http://localhost:3002/api/v1/jobs?status=processing&limit=20"
""",
    "job": """
curl -H "Authorization: Bearer YOUR_API_KEY" \\
     http://localhost:3002/api/v1/jobs/550e8400-e29b-41d4-a716-446655440000
""",
    "job status": """
curl -H "Authorization: Bearer YOUR_API_KEY" \\
     http://localhost:3002/api/v1/jobs/550e8400-e29b-41d4-a716-446655440000/status
""",
    "cancel": """
curl -X POST \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "X-CSRF-Token: CSRF_TOKEN" \\
  http://localhost:3002/api/v1/jobs/550e8400-e29b-41d4-a716-446655440000/cancel
""",
    "csrf": "curl http://localhost:3002/api/v1/csrf-token",
    "health": "curl http://localhost:3002/health",
    "detailed health": """
curl -H "Authorization: Bearer YOUR_API_KEY" \\
     http://localhost:3002/api/v1/health/detailed
""",
    "metrics": "curl http://localhost:3002/metrics",
    "live": "curl http://localhost:3002/live",
    "ready": "curl http://localhost:3002/ready",
}
"""Word for word."""


@dataclass(frozen=True)
class Said:
    status: int
    out: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class MovieCurl:
    """Runs examples in `folder` against `url`, with what is their user's own in place of their
    placeholders."""

    def __init__(self, url: str, folder: Path, key: str, sound: str) -> None:
        self._url = url
        self._folder = folder
        self._own = {"YOUR_API_KEY": key, "https://example.com/audio.mp3": sound}

    def know(self, placeholder: str, value: str) -> None:
        self._own[placeholder] = value

    def __call__(self, example: str) -> Said:
        text = EXAMPLES[example].replace("http://localhost:3002", self._url)
        for placeholder, value in self._own.items():
            text = re.sub(rf"\b{re.escape(placeholder)}\b", value, text)
        done = subprocess.run(
            [*shlex.split(text.replace("\\\n", " ")), "-sS", "-w", "%{stderr}%{http_code}"],
            cwd=self._folder,
            capture_output=True,
            check=True,
            timeout=60,
            text=True,
        )
        return Said(int(done.stderr), done.stdout)
