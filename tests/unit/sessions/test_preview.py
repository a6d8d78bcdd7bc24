"""Previews of videos that last longer than they say."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from libs.contracts.errors import MediaError
from libs.contracts.media import ObjectRef
from libs.contracts.tasks import PreviewTask
from libs.media.motion import preview_graph
from libs.media.probe import probe
from libs.media.tools import Tools
from services.sessions import work
from services.sessions.preview import PreviewMaker
from tests.media.recipes import lavfi

pytestmark = pytest.mark.anyio

SOURCE = ObjectRef(key="k", size=1, sha256="0" * 64, content_type="video/mp4")


class Context(SimpleNamespace):
    """The file is there, and there is time for it."""

    async def stage(self, source: ObjectRef) -> Path:
        path: Path = self.path
        return path


async def test_a_preview_that_grows_beyond_all_bounds_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, outcomes, told = tmp_path / "clip.mp4", list[Any](), list[float]()
    lavfi("testsrc2=s=640x480:r=25:d=60", sound=None, then="-c:v libx264 -preset ultrafast")(path, Path)
    tools = Tools(on_exit=lambda program, seconds, outcome: outcomes.append((program, outcome)))
    info = (await probe(path, tools, size=path.stat().st_size)).info
    task = PreviewTask(session_id=UUID(int=1), graph=preview_graph(SOURCE, info))
    context: Any = Context(
        path=path, scratch=tmp_path, progress=told.append, task=SimpleNamespace(time_limit=60)
    )
    monkeypatch.setattr(work, "MAX_LENGTH", 3.0)
    with pytest.raises(MediaError, match="too long"):
        await PreviewMaker(tools, SimpleNamespace())(task, context)  # type: ignore[arg-type]  # no shelf is reached
    assert outcomes[-1] == ("ffmpeg", "stopped")
    assert all(each * 60 <= 3 for each in told)
