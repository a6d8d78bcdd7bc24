"""A corpus of odd but real clips, each made by ffmpeg when a test first asks for it.

Use the fixture `corpus` (session scope) from anywhere: `pytest_plugins = ["tests.media.corpus"]` in the
top conftest, then `corpus.path("rotated-90")`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media.looking import frame_times
from tests.media.recipes import RECIPES, Make

NOT_VIDEOS = ("audio-only", "mp3", "no-index", "empty", "text", "hls", "concat", "sdp", "picture")
VIDEOS = tuple(name for name in RECIPES if name not in NOT_VIDEOS)


class Corpus:
    """Clips of `recipes` by name, cached under `root`."""

    def __init__(self, root: Path, recipes: dict[str, tuple[str, Make]] = RECIPES) -> None:
        self._root = root
        self._recipes = recipes
        self._times: dict[str, list[float]] = {}

    def path(self, name: str) -> Path:
        """The clip `name` with its natural extension."""
        extension, make = self._recipes[name]
        path = self._root / f"{name}.{extension}"
        if not path.exists():
            make(path, self.path)
        return path

    def times(self, name: str) -> list[float]:
        """Seconds of every frame of it."""
        if name not in self._times:
            self._times[name] = frame_times(self.path(name))
        return self._times[name]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("corpus"))
