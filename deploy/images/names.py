"""What there is to build, and where it is kept."""

from __future__ import annotations

import tomllib
from pathlib import Path

from reelbus.stack.services import SERVICES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".images"
"""Storage, caches and logs; may be deleted at any time."""
DOCKERFILE = ROOT / "Dockerfile"
PAGE = ROOT / "docs" / "operations" / "images.md"

WITHOUT_MEDIA = ("edge", "jobs", "notify", "operator")
"""Images without ffmpeg."""
OPERATOR = "operator"
NAMES = (*sorted(service.name for service in SERVICES), OPERATOR)
USER = 10001


class ImageError(Exception):
    """Something is not as it must be; shown as it stands."""


def version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def tag(name: str) -> str:
    return f"reelbus/{name}:{version()}"


def base() -> str:
    """The image that the Dockerfile begins with."""
    lines = DOCKERFILE.read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("FROM "))
